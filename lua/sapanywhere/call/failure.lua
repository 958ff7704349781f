--- Makes the error of a call: of an answer that is no success, and of a failure of the engine. No I/O.
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

local SNIPPET, MESSAGE, PROVIDER_MESSAGE = 200, 1000, 4000

local M = {}

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

local function outcome_of(request, status)
  return (request.repeatable or status >= 400 and status < 500) and "rejected" or "unknown"
end

-- What the caller of a call that happens once must know where nobody knows whether it happened.
local function aftermath(row, request, outcome, status)
  if request.repeatable or outcome ~= "unknown" then return "" end
  if not row.makes then return "; it may have been done: look before it is asked for again" end
  local verb = status and status >= 200 and status < 300 and "exists now" or "may exist"
  return ("; %s %s: look for it%s"):format(row.makes, verb, row.recovery and ", or use recover" or "")
end

--- The error of an answer, as a call returns it; `fields` holds what is particular to it.
function M.fail(row, request, meta, kind, message, fields)
  fields = fields or {}
  fields.status, fields.request_id = meta.status, fields.request_id or meta.request_id
  fields.outcome = outcome_of(request, meta.status)
  meta.warnings = {}
  fields.message = ("%s: %s%s"):format(row.title, message,
    aftermath(row, request, fields.outcome, meta.status))
  local err = errors.new(kind, fields)
  err.retryable = retry.may_repeat(request, err) and true or false
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

-- What a refusal may mean for an instance's own call, and what ends it.
local HINTS = {
  auth = "the token may be of no use any more, or SAP Anywhere's own tokens are gone: see reauthenticate_instance",
  forbidden = "the instance may be disabled: see enable_instance",
}

--- The error of a status that is no success.
function M.refused(row, request, response, values, meta)
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
  local hint = row.auth == "instance" and HINTS[kind] or nil
  if hint then message = message .. "; " .. hint end
  return M.fail(row, request, meta, kind, message, {
    request_id = said.request_id, provider_message = said.provider_message, hint = hint,
    retry_after = later and retry_after.read(later, rawget(response.headers, "date")) or nil,
  })
end

-- A page for people, such as a gateway's; nothing else in place of an instance is shown, for it may hold a token.
local function is_page(body)
  body = lower(body:sub(1, 100))
  return body:find("^%s*<!doctype html") or body:find("^%s*<html")
end

--- The error of a success whose body is no JSON: `response.fault` says why.
function M.garbage(row, request, response, values, meta)
  local what = response.fault
  if what == "out of memory" then
    return M.fail(row, request, meta, "cancelled", "there was not enough memory to read the answer")
  end
  local message = ("the server answered %d, but not with JSON (%s)"):format(response.status, what)
  local snippet = (is_page(response.body) or row.auth == "none" and not response.body:find("^%s*[{%[]"))
    and shown(response.body, redact.secrets(values), SNIPPET)
  return M.fail(row, request, meta, "json", snippet and message .. ": " .. snippet or message)
end

--- Makes the error of a call that got no response.
-- @tparam table row the call's row
-- @tparam table request what plan.lua made
-- @tparam table failure the engine's: kind, outcome, message, perhaps libcurl's own words as detail, and a status
-- @tparam table values the call's checked values
-- @treturn table the error
function M.of(row, request, failure, values)
  if failure.kind == "usage" then
    return errors.usage(row.title, { { option = "base_url", kind = "wrong", message = failure.message } })
  end
  local message = failure.detail and ("%s (%s)"):format(failure.message, failure.detail) or failure.message
  local err = errors.new(failure.kind, {
    message = row.title .. ": " .. redact.line(message, MESSAGE, redact.secrets(values))
      .. aftermath(row, request, failure.outcome),
    outcome = failure.outcome, status = failure.status, reason = failure.reason,
  })
  err.retryable = retry.may_repeat(request, err) and true or false
  return err
end

return M
