--- Reads what came back: a response becomes a result or an error, a failure of the engine an error. No I/O.
--
-- What is no success is told by failure.lua.

local core = require "sapanywhere.core"
local checks = require "sapanywhere.call.checks"
local lazy = require "sapanywhere.base.lazy"
local shown_headers = require "sapanywhere.hide.headers"

local failure = lazy "sapanywhere.call.failure"
local redact = lazy "sapanywhere.redact"
local secrets = lazy "sapanywhere.hide.secrets"

local REPLACEMENT = "\239\191\189" -- U+FFFD
local LONGEST_NOTE = 1000

-- What the platform says in headers of its own: of a success, whose head is kept, the core has read it already.
local SAID = {
  request_id = "elements-request-id", elements_error = "elements-error", next_page = "elements-next-page-token",
  total_count = "elements-total-count", returned_count = "elements-returned-count",
}

local function said_in(headers)
  local said = {}
  for name, header in pairs(SAID) do said[name] = rawget(headers, header) end
  return said
end

local function visible(text)
  return text:find("[^\33-\126]") and redact.visible(text) or text
end

-- Whether no header holds a secret of the call: a server may repeat one anywhere.
local function may_show(response, values)
  if response.repeated then return false end
  local rough = response.rough
  return not (secrets.may_hold(response.head, values) or rough and secrets.may_hold(rough, values))
end

-- Gives a meta the headers to show. Returns what the platform says in its own.
local function read_headers(meta, response, values)
  if response.head and may_show(response, values) then
    shown_headers.keep(meta, response.head, response.rough)
    return response
  end
  local raw = response.headers or core.fill_headers(response.head, response.rough or {})
  meta.headers = shown_headers.show(shown_headers.clean(raw, redact.secrets(values)))
  return said_in(meta.headers)
end

-- What an entry of a good answer must be.
local IS = {
  url = function(value)
    if type(value) ~= "string" or core.has_control(value) then return false end
    return value:find("^https?://%w") or value:find("^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]")
  end,
  text = function(value) return type(value) == "string" and value ~= "" and not core.has_control(value) end,
  id = function(value) return type(value) == "number" or type(value) == "string" and value ~= "" end,
}
function IS.token(value) return IS.text(value) and not checks.is_mask(value) end

local WORDS = {
  url = "an absolute http or https URL", text = "a string of printable characters", id = "a number or a string",
  token = "a string of printable characters that shows it",
}

local function object_fault(entries, result, is_list)
  if type(result) ~= "table" or is_list then return "the answer is not a JSON object" end
  for i = 1, entries and #entries or 0 do
    local entry = entries[i]
    if not IS[entry.is](result[entry.name]) then
      return ("the answer's %s is not %s"):format(entry.name, WORDS[entry.is])
    end
  end
end

-- Leaves out what must not be taken for what it is not, such as stars for a token that is still good.
local function leave_out(entries, result, notes)
  for i = 1, entries and #entries or 0 do
    local entry = entries[i]
    if result[entry.name] ~= nil and not IS[entry.is](result[entry.name]) then
      result[entry.name] = nil
      notes[#notes + 1] = ("the answer's %s is not %s: it was left out"):format(entry.name, WORDS[entry.is])
    end
  end
end

-- A count is a number, or digits, by itself or as the member `count`.
local function count_of(result)
  if type(result) == "table" then result = result.count end
  if type(result) == "string" and result:find("^%d+$") then result = tonumber(result) end
  return type(result) == "number" and result >= 0 and result % 1 == 0 and result or nil
end

-- What a good answer is, by the word of the row: each takes the answer's entry of the row and the response, and returns
-- the result, or nil and what is wrong. Nil alone: it is not JSON.
local RESULTS = {
  object = function(answer, response)
    local value = response.value
    if value == nil then return nil end
    local fault = object_fault(answer.has, value, response.is_list)
    if fault then return nil, fault end
    if answer.may_have then
      response.notes = response.notes or {}
      leave_out(answer.may_have, value, response.notes)
    end
    return value
  end,
  list = function(_, response)
    if response.value ~= nil and not response.is_list then return nil, "the answer is not a JSON list" end
    return response.value
  end,
  count = function(_, response)
    if response.value == nil then return nil end
    local count = count_of(response.value)
    if not count then return nil, "the answer is not a count" end
    return count
  end,
  nothing = function() return true end,
  file = function(_, response) return { bytes = response.bytes } end,
  value = function(_, response) return response.value end,
  anything = function(_, response)
    if response.value ~= nil then return response.value end
    return response.body == "" and true or response.body
  end,
}

local function or_nothing(read)
  return function(answer, response)
    if response.value == nil and not response.body:find("%S") then return true end
    return read(answer, response)
  end
end

RESULTS["value or nothing"] = or_nothing(RESULTS.value)
RESULTS["object or nothing"] = or_nothing(RESULTS.object)

--- Whether the answer to a row's call is decoded.
local function decodes(row)
  return row.answer.is ~= "nothing" and row.answer.is ~= "file"
end

-- Where characters of an answer had to be mended, what it owes us must not be among them.
local function find_mended(row, result)
  for _, entry in ipairs(row.answer.has or {}) do
    local value = result[entry.name]
    if type(value) == "string" and value:find(REPLACEMENT, 1, true) then
      return ("the answer's %s is not well-formed text"):format(entry.name)
    end
  end
end

-- Whether a URL holds a value as it is, or percent-encoded once, by whatever rules.
local function holds(url, value)
  if url:find(value, 1, true) then return true end
  return core.percent_decode(url):find(value, 1, true) ~= nil
    or url:find("+", 1, true) ~= nil and core.percent_decode(url, true):find(value, 1, true) ~= nil
end

-- Whether a URL may hold the API secret, in any disguise. Needles of the client's own are made once.
local function holds_secret(url, values)
  local secret, kept = values.api_secret, values.kept
  if not kept or kept.object.api_secret ~= secret then return core.may_hold(url, secret) end
  local needles = kept.needles
  needles.api_secret = needles.api_secret or core.needles { secret }
  return core.may_hold(url, needles.api_secret)
end

local function list_warnings(row, request, response, result, values, note)
  local warnings = response.notes or {}
  if note then
    warnings[#warnings + 1] =
      "the server says in Elements-Error: " .. redact.line(note, LONGEST_NOTE, redact.secrets(values))
  end
  local url = row.name == "oauth_url" and result.oauthUrl
  if url and request.state and not holds(url, request.state) then
    warnings[#warnings + 1] =
      "oauthUrl does not hold the state that was sent: it may be the answer to another request"
  end
  if url and values.api_secret and holds_secret(url, values) then
    warnings[#warnings + 1] =
      "oauthUrl holds the API secret: whoever is sent there, and every log on the way, can read it"
  end
  return warnings
end

-- The platform's way to say that a list has no rows: JSON, and the id of the request in it or beside it. A gateway's
-- 404 has none.
local function is_empty_list(response, meta)
  local said = core.decode(response.body)
  return type(said) == "table" and (said.requestId ~= nil or meta.request_id ~= nil)
end

local function to_count(text)
  return text and #text <= 15 and text:find("^%d+$") and tonumber(text) or nil
end

-- The token as it came, though something in it was made fit to show; but no secret of the call's own.
local function next_token(response, said, values)
  local token = response.next_page or response.headers and rawget(response.headers, SAID.next_page)
  if token == "" then return nil end
  if token == said.next_page or not core.may_hold(token, redact.secrets(values)) then return token end
  return said.next_page
end

-- What the headers say about a list; or what is wrong with them: without a token that cannot be sent back, a list that
-- goes on would look like its end.
local function add_paging(meta, token, said)
  if token and core.text_fault(token) then return "the answer's Elements-Next-Page-Token cannot be sent back" end
  meta.next_page = token
  meta.total_count = to_count(said.total_count)
  meta.returned_count = to_count(said.returned_count)
end

--- Reads the response to a call.
-- @tparam table row the call's row
-- @tparam table request what plan.lua made
-- @tparam table response `{ status }` with the `headers` or, of a success, what src/lua/head.h says; and the `body`, or
--   the `value` of a success (with `is_list`, `notes` on what was wrong with it, `mended` where characters were), or a
--   `fault` beside the body
-- @tparam table values the call's checked values
-- @return[1] the result, as the row's `answer` has it
-- @return[1] nil
-- @treturn[1] table meta: status, headers, request_id, warnings; of a list next_page, total_count, returned_count
-- @return[2] nil
-- @treturn[2] table the error
-- @treturn[2] table meta, the same
local function read(row, request, response, values)
  local status = response.status
  local meta = {
    status = status,
    headers = nil, request_id = nil, warnings = nil, attempts = nil, elapsed = nil, -- room for what is still to come
  }
  local said = read_headers(meta, response, values)
  meta.request_id = said.request_id and visible(said.request_id)
  if status == row.empty_status and is_empty_list(response, meta) then
    meta.warnings = {}
    return core.array {}, nil, meta
  end
  if status < 200 or status > 299 then return failure.refused(row, request, response, values, meta) end

  if status == 206 and request.repeatable then
    return failure.fail(row, request, meta, "protocol", "the server answered 206, a part that was not asked for")
  end
  local result, fault = RESULTS[row.answer.is](row.answer, response)
  if result ~= nil and response.mended then fault = find_mended(row, result) end
  local lacks_page = row.may_be_list and add_paging(meta, next_token(response, said, values), said)
  if result ~= nil and request.repeatable then fault = fault or lacks_page or nil end
  if fault then return failure.fail(row, request, meta, "protocol", fault) end
  if result == nil then return failure.garbage(row, request, response, values, meta) end
  meta.warnings = list_warnings(row, request, response, result, values, said.elements_error)
  if request.state then result.state = request.state end
  return result, nil, meta
end

--- What is known where there was no answer.
-- @treturn table meta
local function nothing()
  return { headers = shown_headers.show {}, warnings = {} }
end

--- The error of a call that got no response: see failure.lua.
local function failure_of(...)
  return failure.of(...)
end

--- Whether what was found in the place of an answer holds all that the answer must hold; what it need not hold and is
-- of no use is left out of it.
-- @tparam table row the call's row
-- @tparam table result
-- @treturn boolean
local function is_whole(row, result)
  leave_out(row.answer.may_have, result, {})
  return object_fault(row.answer.has, result, false) == nil
end

return { decodes = decodes, is_whole = is_whole, read = read, nothing = nothing, failure = failure_of }
