--- Sealed states: what `oauth_url` sends and the callback brings back, verified with a key alone.
--
-- No session is looked up, so any worker on any machine that has the key can verify what another has issued.
--
-- A value is 66 bytes in base64url, 88 characters: version (1 byte), time of issue (5), nonce (16), seal (12)
-- and MAC (32). Nothing is accepted without its MAC, the HMAC-SHA256 of version, time, nonce, element,
-- callback URL and bind; the seal, 12 bytes of the HMAC of the same without the bind, only sorts refusals:
-- where it is right and the MAC is not, the value was made with this key, for another session. Each tag has a
-- label of its own in front, and each field its length, so that neither can be taken for the other.
-- @module sapanywhere.state

local core = require "sapanywhere.core"
local checks = require "sapanywhere.call.checks"
local errors = require "sapanywhere.errors"
local hidden = require "sapanywhere.base.hidden"
local keys = require "sapanywhere.call.keys"
local options = require "sapanywhere.call.options"
local told = require "sapanywhere.call.told"

local VERSION = "\1"
local TIME_BYTES, NONCE_BYTES, SEAL_BYTES, MAC_BYTES = 5, 16, 12, 32
local HEAD_BYTES = #VERSION + TIME_BYTES + NONCE_BYTES
local VALUE_CHARACTERS = (HEAD_BYTES + SEAL_BYTES + MAC_BYTES) * 4 / 3
local SHORTEST_KEY = 32
local system_clock = os and os.time -- nil where the host gives no such library: then `clock` is needed

local SKEW = 60 -- seconds by which the clocks of two machines may differ

-- Options

local wrong = checks.wrong

-- What a state is bound to. Not part of any request, so it may hold any byte.
local function check_bind(value, name, problems)
  if value == false then return "" end
  if type(value) ~= "string" or value == "" then
    wrong(problems, name, "must be a string that is not empty, such as the session's id, or false")
  end
  return value
end

local NEW = {
  key = { check = keys.check(SHORTEST_KEY), required = true }, ttl = { check = checks.integer(1, 86400) },
  element = { check = checks.element }, callback_url = { check = checks.text },
  on_use = { check = checks.callable }, clock = { check = checks.callable },
}
local BOUND = {
  bind = {
    check = check_bind, required = true,
    why = "bind must be given: what only the same browser can present again, such as the session's id, or false",
  },
}

-- Refusing

-- Every way of saying no, by its reason.
local MESSAGES = {
  malformed = "the state is not one that this library makes",
  forged = "the state was not made with this key for this element and callback URL",
  early = ("the state is from the future: two clocks differ by more than %d seconds"):format(SKEW),
  expired = "the state has expired",
  another_session = "the state belongs to another session",
  replayed = "the state has been used before",
  store = "whether the state has been used is not known: on_use ",
  clock = "the clock does not tell the time",
  crypto = "the system has no random bytes, or libcrypto no HMAC-SHA256",
}

local function refuse(call, reason, more)
  return nil, errors.new("state", {
    message = call .. ": " .. MESSAGES[reason] .. (more or ""), reason = reason, retryable = false,
  })
end

-- The value

-- A number as big-endian bytes.
local function pack(number, count)
  local bytes = {}
  for i = count, 1, -1 do
    bytes[i] = string.char(number % 256)
    number = math.floor(number / 256)
  end
  return table.concat(bytes)
end

local function unpack_number(bytes)
  local number = 0
  for i = 1, #bytes do number = number * 256 + bytes:byte(i) end
  return number
end

-- The HMAC of a list of fields, each behind its length: no two lists are the same message. The first field is
-- what the tag is for. Nil where libcrypto fails.
local function tag(key, fields)
  local framed = {}
  for i, field in ipairs(fields) do framed[i] = pack(#field, 4) .. field end
  return (core.hmac_sha256(key, table.concat(framed)))
end

local function make_seal(settings, key, head)
  local whole = tag(key, { "sapanywhere.state seal", head, settings.element, settings.callback_url })
  return whole and whole:sub(1, SEAL_BYTES)
end

local function make_mac(settings, key, head, bind)
  return tag(key, { "sapanywhere.state mac", head, settings.element, settings.callback_url, bind })
end

local function open(value)
  if type(value) ~= "string" or #value ~= VALUE_CHARACTERS then return nil end
  local bytes = core.unbase64url(value)
  if not bytes or bytes:sub(1, #VERSION) ~= VERSION then return nil end
  return {
    head = bytes:sub(1, HEAD_BYTES),
    issued = unpack_number(bytes:sub(#VERSION + 1, #VERSION + TIME_BYTES)),
    nonce = core.hex(bytes:sub(#VERSION + TIME_BYTES + 1, HEAD_BYTES)),
    seal = bytes:sub(HEAD_BYTES + 1, HEAD_BYTES + SEAL_BYTES),
    mac = bytes:sub(-MAC_BYTES),
  }
end

-- The key that a value was sealed with; or nil and the reason for a refusal.
local function find_key(settings, opened)
  for _, key in ipairs(settings.key) do
    local seal = make_seal(settings, key, opened.head)
    if not seal then return nil, "crypto" end
    if core.equal(seal, opened.seal) then return key end
  end
  return nil, "forged"
end

-- Whole seconds; nil for a clock that gives anything but the time.
local function read_clock(settings)
  local ok, now = pcall(settings.clock)
  if ok and type(now) == "number" and now >= 0 and now < 2 ^ (8 * TIME_BYTES) then return math.floor(now) end
end

-- What a caller's on_use must not tell.
local function secrets_of(settings, bind)
  local secrets = { bind ~= "" and bind or nil }
  for _, key in ipairs(settings.key) do secrets[#secrets + 1] = key end
  return secrets
end

-- The sealer

local Sealer = { __name = "sapanywhere.state" }
Sealer.__index = Sealer

function Sealer.__tostring()
  return "sapanywhere.state"
end

local function check_call(call, self, given)
  local settings = hidden.known(self, Sealer)
  if not settings then error(call .. ": call it as a method, sealer:" .. call .. "(…)", 3) end
  if type(given) == "table" then return settings end
  error(call .. ": a table of options is expected, not a " .. type(given), 3)
end

--- Issues a state, for the option `state` of `oauth_url`.
-- @function sealer:issue
-- @tparam table given
-- @tparam string|false given.bind what only the same browser can present again, such as the id of its session (a
--   string of any bytes, not empty); or false to go without on purpose
-- @treturn[1] string 88 characters that are safe in a URL
-- @return[2] nil
-- @treturn[2] error kind "usage"; or "state" with the `reason` "clock" or "crypto"
function Sealer:issue(given)
  local settings = check_call("issue", self, given)
  local values, err = options.read("issue", BOUND, given)
  if not values then return nil, err end
  local now, nonce = read_clock(settings), core.random(NONCE_BYTES)
  if not now then return refuse("issue", "clock") end
  if not nonce then return refuse("issue", "crypto") end
  local key, head = settings.key[1], VERSION .. pack(now, TIME_BYTES) .. nonce
  local seal, mac = make_seal(settings, key, head), make_mac(settings, key, head, values.bind)
  if not seal or not mac then return refuse("issue", "crypto") end
  return core.base64url(head .. seal .. mac)
end

--- Verifies a state. `parse_callback(url, { state = sealer, bind = … })` does so on its way.
--
-- `on_use` is asked last, when all else holds; so a value is used up by a callback in which the user said no,
-- too, and never by one that is refused here.
-- @function sealer:verify
-- @tparam string value what came back
-- @tparam table given
-- @tparam string|false given.bind the same as when it was issued
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] error kind "usage"; or "state", and `reason` is "malformed"; "forged" (also: made
--   with another key, for another element or callback URL); "early" (from a machine whose clock is more than
--   60 seconds ahead); "expired"; "another_session"; "replayed"; "store" (`on_use` failed, so nobody knows);
--   "clock" or "crypto"
function Sealer:verify(value, given)
  local settings = check_call("verify", self, given)
  local values, err = options.read("verify", BOUND, given)
  if not values then return nil, err end
  local opened = open(value)
  if not opened then return refuse("verify", "malformed") end
  local key, reason = find_key(settings, opened)
  if not key then return refuse("verify", reason) end

  local now = read_clock(settings)
  if not now then return refuse("verify", "clock") end
  local left = opened.issued + settings.ttl - now
  if opened.issued - now > SKEW then return refuse("verify", "early") end
  if left <= 0 then return refuse("verify", "expired") end

  local mac = make_mac(settings, key, opened.head, values.bind)
  if not mac then return refuse("verify", "crypto") end
  if not core.equal(mac, opened.mac) then return refuse("verify", "another_session") end

  local secrets = secrets_of(settings, values.bind)
  local used, more = told.use_once(settings.on_use, opened.nonce, left + SKEW, secrets)
  if used ~= true then return refuse("verify", used, more) end
  return true
end

--- Makes a sealer. Workers and machines that verify each other's states have the same options.
--
-- `on_use(nonce, seconds)` makes each state good for one use. It notes the nonce (32 hexadecimal digits) for
-- that long (the rest of its life, and the 60 seconds by which clocks may differ), and returns true when it
-- was not noted before: in one step, so that no other worker can come between. Nothing but `true` accepts;
-- `nil` or `false` with an error, or an error raised, means that it could not tell. It may wait as its host
-- does, but not yield on plain Lua 5.1.
-- @function state
-- @tparam table given
-- @tparam string|{string,...} given.key at least 32 random bytes; of a list, for rotation, the first signs
--   and all verify
-- @tparam[opt=600] number given.ttl seconds from issue to expiry, 1 to 86400
-- @tparam[opt="sapanywhere"] string|number given.element sealed in
-- @tparam[opt] string given.callback_url sealed in
-- @tparam[opt] fun(nonce:string,seconds:number):boolean?,any given.on_use see above
-- @tparam[opt=os.time] fun():number given.clock seconds since 1970, for specs
-- @treturn[1] sealer the sealer
-- @return[2] nil
-- @treturn[2] error kind "usage", with every problem
local function new(given)
  if type(given) ~= "table" then error("state: a table of options is expected, not a " .. type(given), 2) end
  local values, err = options.read("state", NEW, given)
  if not values then return nil, err end
  local settings = {
    key = values.key, ttl = values.ttl or 600, element = values.element or "sapanywhere",
    callback_url = values.callback_url or "", on_use = values.on_use, clock = values.clock or system_clock,
  }
  return hidden.object(Sealer, settings)
end

return { new = new, options = { state = NEW, issue = BOUND, verify = BOUND } }
