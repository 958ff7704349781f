--- Reads what the provider sent back to the callback URL: a grant, or why there is none. No I/O.
--
-- The order is a promise: size, then state, then error, then code. Nothing of a callback whose state is wrong
-- is looked at, and nothing of its values is repeated, except the provider's own error, made fit to show. One callback
-- is read without its state: an error alone, for some providers send none with it. Nothing is granted then, a sealer is
-- not asked, and `state_missing` says that anybody may have sent it.

local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"
local redact = require "sapanywhere.redact"
local suggest = require "sapanywhere.base.suggest"

local MOST_BYTES = 16 * 1024
local MOST_SHOWN = 500

local OPTIONS = { "state", "bind" }
local DECISIVE = { "state", "error", "code" }

-- OAuth's words for what went wrong without the user having said no (RFC 6749, 4.1.2.1). The API page says
-- only that an `error` in place of the code means no, so every other word is taken as that.
local NOT_THE_USER = {
  invalid_request = true, unauthorized_client = true, unsupported_response_type = true, invalid_scope = true,
  server_error = true, temporarily_unavailable = true,
}

local function fail(kind, message, fields)
  fields = fields or {}
  fields.message = "parse_callback: " .. message
  fields.retryable = false
  return nil, errors.new(kind, fields)
end

-- Walks in from both ends: a pattern would begin anew at each space.
local function trim_spaces(text)
  local first, last = text:find("[^ \t-\r]") or #text + 1, #text
  while last > first and text:find("^[ \t-\r]", last) do last = last - 1 end
  return text:sub(first, last)
end

-- Quotes that people copy with a URL, and what closes them.
local CLOSING = { ['"'] = '"', ["'"] = "'", ["`"] = "`", ["<"] = ">" }

-- A text without the white space and the quotes round it.
local function trim(text)
  text = trim_spaces(text)
  local is_quoted = #text > 1 and CLOSING[text:sub(1, 1)] == text:sub(-1)
  return is_quoted and trim_spaces(text:sub(2, -2)) or text
end

-- The query inside a URL, a path or a query string.
local function query_of(text)
  text = trim(text):match("^[^#]*")
  local before, query = text:match("^([^?]*)%?(.*)$")
  local is_url = text:find("^/") or text:find("^%a[%w+.%-]*://")
  if not before then return is_url and "" or text end
  if not is_url and before:find("=", 1, true) then return text end
  return query
end

-- Each source gives the parameters as a list of { name, value }, or nothing where they are too large. A value is false
-- where it is not well percent-encoded.
local READERS = {
  string = function(text)
    if #text > MOST_BYTES then return nil end
    return core.parse_query(query_of(text), true)
  end,
  -- Decoded as ngx.req.get_uri_args does it: what came twice is a list, what came without a value is true.
  table = function(map)
    local list, size = {}, 0
    for name, value in pairs(map) do
      for _, one in ipairs(type(value) == "table" and value or { value }) do
        local text = one == true and "" or one
        if type(name) == "string" and type(text) == "string" then
          list[#list + 1] = { name, text }
          size = size + #name + #text + #"=&"
        end
        if size > MOST_BYTES then return nil end
      end
    end
    return list
  end,
}

-- The first value of each name, how often each came, and the names that came with a value that cannot be read. These
-- values are left out.
local function gather(list)
  local params, times, broken = {}, {}, {}
  for _, pair in ipairs(list) do
    local name, value = pair[1], pair[2]
    if not value then
      broken[name] = true
    elseif params[name] == nil then
      params[name] = value
    end
    times[name] = (times[name] or 0) + 1
  end
  return { params = params, times = times, broken = broken }
end

-- What the provider says, made fit to show.
local function shown(text)
  return text and redact.line(text, MOST_SHOWN)
end

-- What is wrong with how a parameter came, if anything.
local function fault_of(came, name)
  if (came.times[name] or 0) > 1 then return "the callback holds more than one " .. name end
  if came.broken[name] then return ("the callback's %s is not well percent-encoded"):format(name) end
end

-- Whether the state is the one expected: true, or nil and an error.
local function check_state(expected, bind, came)
  local fault, state = fault_of(came, "state"), came.params.state
  if came.broken.state then return fail("state", fault) end
  if expected == false then return true end
  if fault then return fail("state", fault) end
  if not state or state == "" then return fail("state", "the callback holds no state") end
  if type(expected) == "table" then
    local ok, err = expected:verify(state, { bind = bind })
    if ok then return true end
    if errors.is(err) then return nil, err end
    return fail("state", "the callback's state was refused")
  end
  if core.equal(state, expected) then return true end
  return fail("state",
    "the callback's state is not the one that was sent: it belongs to another attempt, or is forged")
end

-- A state was expected, and what came is an error alone.
local function is_error_alone(expected, came)
  local params, times = came.params, came.times
  return expected ~= false and (not times.state or times.state == 1 and params.state == "") and not times.code
    and (params.error or "") ~= "" and not fault_of(came, "error")
end

-- The provider's error as ours; the more it says is told only where its state was right.
local function read_error(params, fields)
  local said, description = shown(params.error), fields.error_description
  local kind = NOT_THE_USER[said] and "callback" or "denied"
  local message = kind == "denied" and "the user did not allow it" or "the provider could not ask the user"
  fields.error = said
  return fail(kind, message .. " (" .. said .. (description and ": " .. description or "") .. ")"
    .. (fields.state_missing and ", says a callback without a state" or ""), fields)
end

local function check_options(opts, report)
  for name in pairs(opts) do
    if name ~= "state" and name ~= "bind" then
      report(suggest.shown(name), suggest.unknown("option", name, OPTIONS), "unknown")
    end
  end
  local state = opts.state
  local is_sealer = type(state) == "table" and type(state.verify) == "function"
  if state == nil then
    report("state", "state must be given: the one that oauth_url returned, or false to go without", "missing")
  elseif state ~= false and not is_sealer and (type(state) ~= "string" or state == "") then
    report("state", "state must be a string that is not empty, a sealer, or false")
  end
  if opts.bind ~= nil and not is_sealer then
    report("bind", "bind goes with a sealer as the state: nothing else tells what a state is bound to")
  end
end

-- A number may have lost digits that the provider sent.
local function check_parameters(map, report)
  for _, name in ipairs(DECISIVE) do
    local value = map[name]
    for _, one in pairs(type(value) == "table" and value or { value }) do
      if type(one) ~= "string" and one ~= true then
        report("input", ("the callback's %s must be a string, as it came, not a %s"):format(name, type(one)))
      end
    end
  end
end

-- The options and how to read the input; or nil and a usage error with every problem.
local function check(input, opts)
  local problems = {}
  local function report(option, message, kind)
    problems[#problems + 1] = { option = option, kind = kind or "wrong", message = message }
  end
  if type(opts) ~= "table" then opts = {} end
  check_options(opts, report)
  local reader = READERS[type(input)]
  if not reader then report("input", "the callback must be a string or a table, not a " .. type(input)) end
  if type(input) == "table" then check_parameters(input, report) end
  if problems[1] then return nil, errors.usage("parse_callback", problems) end
  return opts, reader
end

--- Reads a callback.
-- @tparam string|table input the callback's URL, path or query string, or its parameters already decoded
-- @tparam table opts `state`: the one that `oauth_url` returned, or a sealer made by `sapanywhere.state`
--   (with `bind`, what its state is bound to), or `false` to go without on purpose
-- @treturn[1] table the parameters: `code`, `state` and whatever else came
-- @return[2] nil
-- @treturn[2] table the error. Kind "denied": the user said no, and `error` and `error_description` are what
--   the provider says (where a state was expected and none came, `error` alone, and `state_missing` is true);
--   "state": it does not belong to this attempt (a sealer gives the `reason`); "callback": it is no use;
--   "too_large"; "usage"
local function parse(input, opts)
  local checked, reader = check(input, opts)
  if not checked then return nil, reader end

  local list = reader(input)
  if not list then return fail("too_large", "the callback is larger than 16 KiB") end
  local came = gather(list)
  local params = came.params
  if is_error_alone(checked.state, came) then return read_error(params, { state_missing = true }) end
  local ok, err = check_state(checked.state, checked.bind, came)
  if not ok then return nil, err end

  for _, name in ipairs(DECISIVE) do
    local fault = fault_of(came, name)
    if fault then return fail("callback", fault) end
  end
  if params.error == "" then return fail("callback", "the callback's error parameter is empty") end
  if params.error then
    if params.code then return fail("callback", "the callback holds both a code and an error") end
    return read_error(params, {
      error_description = shown(params.error_description), error_uri = shown(params.error_uri),
    })
  end
  if not params.code or params.code == "" then
    return fail("callback", "the callback holds neither a code nor an error")
  end
  if core.has_control(params.code) or not core.is_utf8(params.code) then
    return fail("callback", "the callback's code is not text")
  end
  return params
end

return { parse = parse, OPTIONS = OPTIONS }
