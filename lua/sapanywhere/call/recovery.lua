--- Finds an instance that may have been created, in place of creating a second one.
--
-- The creation carries a tag that no other has. When its outcome is unknown, the instances with that tag are listed:
-- the platform documents no idempotency key, a list that is empty as 404, and tags as strings or as objects.

local answer = require "sapanywhere.call.answer"
local core = require "sapanywhere.core"
local redact = require "sapanywhere.redact"

local now = core.now

local PREFIX = "sapanywhere-call-"
local LONGEST = 30   -- seconds for the search as a whole
local PAGE_SIZE = "100"
local MOST_PAGES = 20

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

-- The values with which an instance is looked for: the call's own, but for what the look asks for.
local function look_values(values, more)
  more.tags = more.tags or false
  return setmetatable(more, { __index = values })
end

-- One look through a list, page by page: what was found, and a failure where it may not be all.
local function look_through(row, values, tag, ask, deadline)
  local found, seen, token = {}, {}, nil
  for _ = 1, MOST_PAGES do
    local rows, err, meta =
      ask(row, look_values(values, { tags = { tag }, page_size = PAGE_SIZE, next_page = token or false }), deadline)
    if not rows then return nil, err end
    collect(rows, tag, found)
    token = meta.next_page
    if not token or seen[token] or #rows == 0 or #found > 0 then return found end
    seen[token] = true
  end
  return found, ("the list of instances goes on after %d pages"):format(MOST_PAGES)
end

-- One look at the instance itself.
local function look_at(row, values, tag, ask, deadline)
  local instance, err = ask(row, look_values(values, {}), deadline)
  if not instance then return nil, err end
  return has_tag(instance, tag) and { instance } or {}
end

--- What `err.recovery` says before anything was looked for: with it a program can look itself.
-- @tparam table row of the call
-- @tparam string tag from `mark`
-- @treturn table
local function report_of(row, tag)
  local look = row.recovery
  return { tag = tag, request = look.method .. " " .. look.path, looks = 0, found = 0 }
end

--- Searches for what a call with an unknown outcome may have done. What is not there yet may still appear, so it looks
-- as often as the call's retry policy allows.
-- @tparam table row of the call; its `recovery` is the row that looks
-- @tparam table values the call's values
-- @tparam string tag from `mark`
-- @tparam function ask performs one request: `ask(row, values, deadline)` → result, err, meta
-- @tparam function sleep `sleep(seconds)`
-- @treturn table|nil the instance
-- @treturn table what was looked for and found, for `err.recovery`
local function find(row, values, tag, ask, sleep)
  local policy = values.retry or { max = 0 }
  local deadline = now() + math.min(values.timeout, LONGEST)
  local report = report_of(row, tag)
  local look = row.recovery.answer.is == "list" and look_through or look_at
  for look_number = 1, 1 + policy.max do
    local found, err = look(row.recovery, values, tag, ask, deadline)
    report.looks = look_number
    if found and #found > 0 then
      report.found, report.id = #found, redact.copy(found[1].id, redact.secrets(values))
      return #found == 1 and answer.is_whole(row, found[1]) and found[1] or nil, report
    end
    report.failure = err and tostring(err) or nil
    local seconds = look_number <= policy.max and math.min(policy.cap, policy.base * 2 ^ (look_number - 1))
    if not seconds or now() + seconds >= deadline then break end
    sleep(seconds)
  end
  return nil, report
end

return { mark = mark, report = report_of, find = find }
