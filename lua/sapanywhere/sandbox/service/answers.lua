--- Answers as values: `{ status, headers = { { name, value }, … }, body, note, close, stream,
-- change, deliveries }`.
-- After some the connection has to be closed (`close`); after some, notifications are sent (`deliveries`, of a
-- `change` of the hub's). A note never leaves the service; it goes into the log, for whoever wonders why a request
-- was refused.
-- @module sapanywhere.sandbox.answers

local json = require "sapanywhere.sandbox.service.json"
local random = require "sapanywhere.sandbox.service.random"

local answers = {}

local json_type = "application/json;charset=UTF-8"

local reasons = {
  [400] = "The request could not be understood.",
  [401] = "The request was not authorized.",
  [403] = "Access to this resource is forbidden.",
  [404] = "The requested resource was not found.",
  [405] = "This method is not supported for this resource.",
  [406] = "The requested response format is not supported.",
  [409] = "The resource exists already.",
  [413] = "The request is too large.",
  [415] = "The content type of the request is not supported.",
  [417] = "The expectation of the request cannot be met.",
  [429] = "Too many requests.",
  [500] = "Something went wrong on our side.",
  [502] = "The provider could not be reached.",
  [503] = "The service is not available at present.",
  [504] = "The provider did not answer in time.",
}

--- An answer of any type.
-- @tparam string content_type
-- @tparam string body
-- @tparam[opt] table headers further headers
-- @treturn table
function answers.content(content_type, body, headers)
  local answer = { status = 200, headers = { { "Content-Type", content_type } }, body = body }
  table.insert(answer.headers, { "elements-request-id", random.hex(24) })
  for _, header in ipairs(headers or {}) do table.insert(answer.headers, header) end
  return answer
end

--- An answer that is sent piece by piece.
-- @tparam string content_type
-- @tparam function next_piece gives one piece after the other, then nil
-- @tparam[opt] number size in bytes, where it is known
-- @treturn table with an empty body and `stream = { next, size }`
function answers.stream(content_type, next_piece, size)
  local answer = answers.content(content_type, "")
  answer.stream = { next = next_piece, size = size }
  return answer
end

--- An answer in JSON that is written already.
-- @tparam string text
-- @tparam[opt] table headers further headers
-- @treturn table
function answers.text(text, headers) return answers.content(json_type, text, headers) end

--- An answer in JSON.
-- @param value for `json.encode`
-- @tparam[opt] table headers further headers
-- @treturn table
function answers.ok(value, headers) return answers.text(json.encode(value), headers) end

--- A success without a body.
-- @treturn table
function answers.done()
  return { status = 200, headers = { { "elements-request-id", random.hex(24) } }, body = "" }
end

--- A refusal in the documented shape.
-- @tparam number status
-- @tparam[opt] string message a sentence for the status where left out
-- @tparam[opt] string provider_message what the provider said
-- @treturn table
function answers.failure(status, message, provider_message)
  local id = random.hex(24)
  return {
    status = status,
    headers = { { "Content-Type", json_type }, { "elements-request-id", id } },
    body = json.encode(json.object {
      { "requestId", id },
      { "message", message or reasons[status] or "The request failed." },
      { "providerMessage", provider_message },
    }),
  }
end

--- A refusal of the gateway in front of the service, which knows no request ids.
-- @tparam number status
-- @tparam string message
-- @treturn table
function answers.gateway(status, message)
  return {
    status = status, headers = { { "Content-Type", json_type } },
    body = json.encode(json.object { { "message", message } }),
  }
end

--- The same answer with a note for the log.
-- @tparam table answer
-- @tparam string note
-- @treturn table
function answers.noted(answer, note)
  answer.note = note
  return answer
end

return answers
