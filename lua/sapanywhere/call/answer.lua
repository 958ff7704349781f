--- Reads what came back: a response becomes a result or an error, a failure of the engine an error. No I/O.
--
-- What the server can have done, when its answer is no success:
--
-- | status                      | repeatable call | any other call |
-- |-----------------------------|-----------------|----------------|
-- | 4xx                         | rejected        | rejected       |
-- | 3xx, 5xx, others            | rejected        | unknown        |
-- | 2xx without what it owes us | rejected        | unknown        |
--
-- A repeatable call changes nothing at the server, so any answer that is no success is a refusal.

local core = require "sapanywhere.core"
local disguises = require "sapanywhere.hide.disguises"
local errors = require "sapanywhere.errors"
local redact = require "sapanywhere.redact"
local retry = require "sapanywhere.call.retry"
local retry_after = require "sapanywhere.call.retry_after"

local lower = core.lower

local KIND_OF_STATUS = {
  [401] = "auth", [403] = "forbidden", [404] = "not_found", [409] = "conflict", [413] = "too_large",
  [429] = "rate_limited",
}
local KIND_OF_CLASS = { [3] = "protocol", [4] = "rejected", [5] = "server" }

-- 429 is documented for sizes too; a message with one of these words is about a size.
local SIZE_WORDS = {
  "too large", "payload", "file size", "body size", "%d ?[kmg]i?b%f[%W]", "megabyte", "gigabyte",
}

local REPLACEMENT = "\239\191\189" -- U+FFFD
local SNIPPET, MESSAGE, PROVIDER_MESSAGE = 200, 1000, 4000

-- Header names look up in any case.
local headers_metatable = {
  __index = function(headers, name)
    return type(name) == "string" and rawget(headers, lower(name)) or nil
  end,
}

-- Headers whose values follow a fixed grammar, or are the platform's own.
local ORDINARY = {
  ["cache-control"] = true, ["connection"] = true, ["content-encoding"] = true, ["content-length"] = true,
  ["content-type"] = true, ["date"] = true, ["expires"] = true, ["keep-alive"] = true, ["pragma"] = true,
  ["server"] = true, ["transfer-encoding"] = true, ["vary"] = true, ["strict-transport-security"] = true,
  ["accept-ranges"] = true, ["etag"] = true, ["last-modified"] = true, ["elements-request-id"] = true,
  ["elements-returned-count"] = true, ["elements-next-page-token"] = true,
}

-- Hides secrets in the headers: by value in all of them, by name in those that are not ordinary. A success that has
-- only ordinary ones is not looked at.
local function clean_headers(headers, status, values)
  if status < 200 or status > 299 or not core.has_only(headers, ORDINARY) then
    local secrets = redact.secrets(values)
    local suspects = core.may_hold(headers, secrets) and secrets or nil
    for name, value in next, headers do
      if suspects or not ORDINARY[name] then
        headers[name] = redact.is_sensitive(name) and disguises.HIDDEN or redact.text(value, suspects)
      end
    end
  end
  return setmetatable(headers, headers_metatable)
end

-- Any JSON value as text, or nothing.
local function to_text(value)
  if type(value) == "table" then return (core.encode(value)) end
  if value == nil or value == core.null then return nil end
  return tostring(value)
end

local function shown(value, secrets, limit)
  local text = to_text(value)
  text = text and redact.line(text, limit, secrets)
  return text ~= "" and text or nil
end

local function outcome_of(row, status)
  return (row.repeatable or status >= 400 and status < 500) and "rejected" or "unknown"
end

-- What the caller of a call that happens once must know where nobody knows whether it happened.
local function aftermath(row, outcome, status)
  if row.repeatable or outcome ~= "unknown" then return "" end
  if not row.makes then return "; it may have been done: look before it is asked for again" end
  local verb = status and status >= 200 and status < 300 and "exists now" or "may exist"
  return ("; %s %s: look for it, or use recover"):format(row.makes, verb)
end

-- The error of an answer; `fields` holds what is particular to it.
local function fail(row, meta, kind, message, fields)
  fields = fields or {}
  fields.status, fields.request_id = meta.status, fields.request_id or meta.request_id
  fields.outcome = outcome_of(row, meta.status)
  meta.warnings = {}
  fields.message = ("%s: %s%s"):format(row.name, message, aftermath(row, fields.outcome, meta.status))
  local err = errors.new(kind, fields)
  err.retryable = retry.may_repeat(row, err) and true or false
  return nil, err, meta
end

local function is_about_size(message)
  message = lower(message)
  for _, words in ipairs(SIZE_WORDS) do
    if message:find(words) then return true end
  end
  return false
end

-- What a refusal says for itself: the documented members if there are any, else the beginning of the body.
local function read_refusal(body, secrets)
  local answer = core.decode(body)
  if type(answer) ~= "table" then answer = {} end
  local said = {
    request_id = shown(answer.requestId, secrets, 100),
    message = shown(answer.message, secrets, MESSAGE),
    provider_message = shown(answer.providerMessage or answer.ProviderMessage, secrets, PROVIDER_MESSAGE),
  }
  said.text = said.message or said.provider_message or shown(body, secrets, SNIPPET)
  return said
end

local function read_refused(row, response, values, meta)
  local status = response.status
  local said, later = read_refusal(response.body, redact.secrets(values)), rawget(response.headers, "retry-after")
  local kind = KIND_OF_STATUS[status] or KIND_OF_CLASS[math.floor(status / 100)] or "protocol"
  if kind == "rate_limited" and said.message and is_about_size(said.message) then kind = "too_large" end
  local message = "the server answered " .. status
  if KIND_OF_CLASS[math.floor(status / 100)] == "protocol" then
    message = message .. ", a redirect, which is not followed"
  elseif said.text then
    message = message .. ": " .. said.text
  end
  if said.message and said.provider_message then message = message .. " (" .. said.provider_message .. ")" end
  return fail(row, meta, kind, message, {
    request_id = said.request_id, provider_message = said.provider_message,
    retry_after = later and retry_after.read(later, rawget(response.headers, "date")) or nil,
  })
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
local WORDS = {
  url = "an absolute http or https URL", text = "a string of printable characters", id = "a number or a string",
}

local function find_fault(row, result)
  if type(result) ~= "table" then return "the answer is not a JSON object" end
  local answer = row.answer
  for i = 1, #answer do
    local entry = answer[i]
    if not IS[entry.is](result[entry.name]) then
      return ("the answer's %s is not %s"):format(entry.name, WORDS[entry.is])
    end
  end
  if answer.list and next(result) ~= nil and result[1] == nil then return "the answer is not a JSON list" end
end

-- A page for people, such as a gateway's; nothing else in place of an instance is shown, for it may hold a token.
local function is_page(body)
  body = lower(body:sub(1, 100))
  return body:find("^%s*<!doctype html") or body:find("^%s*<html")
end

local function read_garbage(row, response, values, meta)
  local what = response.fault
  if what == "out of memory" then
    return fail(row, meta, "cancelled", "there was not enough memory to read the answer")
  end
  local message = ("the server answered %d, but not with JSON (%s)"):format(response.status, what)
  local snippet = (is_page(response.body) or not row.authorized and not response.body:find("^%s*[{%[]"))
    and shown(response.body, redact.secrets(values), SNIPPET)
  return fail(row, meta, "json", snippet and message .. ": " .. snippet or message)
end

-- Where characters of an answer had to be mended, what it owes us must not be among them.
local function find_mended(row, result)
  for _, entry in ipairs(row.answer) do
    local value = result[entry.name]
    if type(value) == "string" and value:find(REPLACEMENT, 1, true) then
      return ("the answer's %s is not well-formed text"):format(entry.name)
    end
  end
end

local function decode_pair(digits)
  return string.char(tonumber(digits, 16))
end

-- Whether a URL holds a value as it is, or percent-encoded once, by whatever rules.
local function holds(url, value)
  if url:find(value, 1, true) then return true end
  for _, text in ipairs { url, (url:gsub("+", " ")) } do
    if text:gsub("%%(%x%x)", decode_pair):find(value, 1, true) then return true end
  end
  return false
end

local function list_warnings(request, response, result, values, headers)
  local warnings, note = response.notes or {}, rawget(headers, "elements-error")
  if note then
    warnings[#warnings + 1] =
      "the server says in Elements-Error: " .. redact.line(note, MESSAGE, redact.secrets(values))
  end
  if result.oauthUrl and request.state and not holds(result.oauthUrl, request.state) then
    warnings[#warnings + 1] =
      "oauthUrl does not hold the state that was sent: it may be the answer to another request"
  end
  if result.oauthUrl and values.api_secret and disguises.holds(result.oauthUrl, values.api_secret) then
    warnings[#warnings + 1] =
      "oauthUrl holds the API secret: whoever is sent there, and every log on the way, can read it"
  end
  return warnings
end

--- Reads the response to a call.
-- @tparam table row the endpoint's row
-- @tparam table request what plan.lua made
-- @tparam table response `{ status, headers }` and the `body`, or the `value` of a success (with `notes` on what
--   was wrong with it, `mended` where characters were), or a `fault` beside the body; its headers become `meta.headers`
-- @tparam table values the call's checked values
-- @treturn[1] table the decoded answer
-- @return[1] nil
-- @treturn[1] table meta: status, headers, request_id, warnings
-- @return[2] nil
-- @treturn[2] table the error
-- @treturn[2] table meta, the same
local function read(row, request, response, values)
  local status = response.status
  local headers = clean_headers(response.headers, status, values)
  local meta = {
    status = status, headers = headers, request_id = rawget(headers, "elements-request-id"),
    warnings = nil, attempts = nil, elapsed = nil, -- room for what is still to come
  }
  if status == row.empty_status and core.decode(response.body) then
    meta.warnings = {}
    return {}, nil, meta
  end
  if status < 200 or status > 299 then return read_refused(row, response, values, meta) end

  local result = response.value
  if result == nil then return read_garbage(row, response, values, meta) end
  local fault = find_fault(row, result) or response.mended and find_mended(row, result)
  if fault then return fail(row, meta, "protocol", fault) end
  meta.warnings = list_warnings(request, response, result, values, headers)
  if request.state then result.state = request.state end
  return result, nil, meta
end

--- What is known where there was no answer.
-- @treturn table meta
local function nothing()
  return { headers = setmetatable({}, headers_metatable), warnings = {} }
end

--- Makes the error of a call that got no response.
-- @tparam table row the endpoint's row
-- @tparam table failure the engine's: kind, outcome, message, perhaps libcurl's own words as detail, and a status
-- @tparam table values the call's checked values
-- @treturn table the error
local function failure_of(row, failure, values)
  if failure.kind == "usage" then
    return errors.usage(row.name, { { option = "base_url", kind = "wrong", message = failure.message } })
  end
  local message = failure.detail and ("%s (%s)"):format(failure.message, failure.detail) or failure.message
  local err = errors.new(failure.kind, {
    message = row.name .. ": " .. redact.line(message, MESSAGE, redact.secrets(values))
      .. aftermath(row, failure.outcome),
    outcome = failure.outcome, status = failure.status,
  })
  err.retryable = retry.may_repeat(row, err) and true or false
  return err
end

return { read = read, nothing = nothing, failure = failure_of }
