--- Finds an instance that may have been created, in place of creating a second one.
--
-- The creation carries a tag that no other has. When its outcome is unknown, the instances with that tag are listed:
-- the platform documents no idempotency key, a list that is empty as 404, and tags as strings or as objects.

local core = require "sapanywhere.core"
local endpoints = require "sapanywhere.api.rows"
local plan = require "sapanywhere.call.plan"

local now = core.now

local PREFIX = "sapanywhere-call-"
local LONGEST = 30   -- seconds for the search as a whole
local PAGE_SIZE = "100"
local MOST_PAGES = 20

local ROW = endpoints.list_instances

-- A list of tags with one more.
local function with_tag(tags, tag)
  local list = {}
  for i, one in ipairs(tags or {}) do list[i] = one end
  list[#list + 1] = tag
  return core.array(list)
end

--- Adds a tag of our own to a creation.
-- @tparam table values the checked values of the call, whose `tags` or `body.tags` are replaced
-- @treturn string the tag
local function mark(values)
  local tag = PREFIX .. core.hex(assert(core.random(10)))
  if values.body then
    values.body.tags = with_tag(values.body.tags, tag)
  else
    values.tags = with_tag(values.tags, tag)
  end
  return tag
end

local function has_tag(instance, tag)
  if type(instance) ~= "table" or type(instance.tags) ~= "table" then return false end
  for _, one in ipairs(instance.tags) do
    if one == tag or type(one) == "table" and one.name == tag then return true end
  end
  return false
end

-- A server that does not know the filter returns everything: every row is looked at.
local function collect(rows, tag, found)
  for _, instance in ipairs(rows) do
    if has_tag(instance, tag) then found[#found + 1] = instance end
  end
end

-- One look through the list, page by page: what was found, and a failure where it may not be all.
local function look(values, tag, list, deadline)
  local found, seen = {}, {}
  values.tag, values.page_size, values.next_page = tag, PAGE_SIZE, nil
  for _ = 1, MOST_PAGES do
    local rows, err, meta = list(ROW, plan.request(ROW, values), deadline)
    if not rows then return nil, err end
    collect(rows, tag, found)
    local token = meta.headers["elements-next-page-token"]
    if not token or token == "" or seen[token] or #rows == 0 or #found > 0 then return found end
    seen[token], values.next_page = true, token
  end
  return found, ("the list of instances goes on after %d pages"):format(MOST_PAGES)
end

--- What `err.recovery` says before anything was looked for: with it a program can look itself.
-- @tparam string tag from `mark`
-- @treturn table
local function report_of(tag)
  return { tag = tag, request = ROW.method .. " " .. ROW.path, looks = 0, found = 0 }
end

--- Searches for the instance of a creation whose outcome is unknown. What is not there yet may still appear, so it
-- looks as often as the call's retry policy allows.
-- @tparam table values the call's checked values
-- @tparam string tag from `mark`
-- @tparam function list performs one request: `list(row, request, deadline)` → rows, err, meta
-- @tparam function sleep `sleep(seconds)`
-- @treturn table|nil the instance
-- @treturn table what was looked for and found, for `err.recovery`
local function find(values, tag, list, sleep)
  local policy = values.retry or { max = 0 }
  local deadline = now() + math.min(values.timeout, LONGEST)
  local report = report_of(tag)
  for look_number = 1, 1 + policy.max do
    local found, err = look(values, tag, list, deadline)
    report.looks = look_number
    if found and #found > 0 then
      report.found, report.id = #found, found[1].id
      local usable = #found == 1 and found[1].id ~= nil and type(found[1].token) == "string" and found[1].token ~= ""
      return usable and found[1] or nil, report
    end
    report.failure = err and tostring(err) or nil
    local pause = look_number <= policy.max and math.min(policy.cap, policy.base * 2 ^ (look_number - 1))
    if not pause or now() + pause >= deadline then break end
    sleep(pause)
  end
  return nil, report
end

return { mark = mark, report = report_of, find = find }
