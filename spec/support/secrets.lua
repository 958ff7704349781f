--- Random secrets, and the search for them in whatever comes of a call: as they are, and in the usual encodings.
-- SEED=… chooses others.

local core = require "sapanywhere.core"

local SEED = tonumber(os.getenv("SEED") or "") or 20161118

-- A generator of our own: the same everywhere, and the host's is left alone.
local state = SEED % 2147483646 + 1

local function random(low, high)
  state = state * 16807 % 2147483647
  return low + state % (high - low + 1)
end

local function pick(list) return list[random(1, #list)] end

-- Making secrets.

local BASE64, QUOTES, UNICODE, LETTERS = {}, {}, {}, {}
for char in ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"):gmatch(".") do
  LETTERS[#LETTERS + 1] = char
  BASE64[#BASE64 + 1] = char
end
for _, char in ipairs { "+", "/", "=", "+", "/" } do BASE64[#BASE64 + 1] = char end
for char in ("abcXYZ019%&?#\"'\\/<>:;@!$()*[]{}|~^`=+-_."):gmatch(".") do QUOTES[#QUOTES + 1] = char end
for _, char in ipairs { "a", "Z", "7", "é", "ß", "中", "文", "🔑", "%", "/", " ", "+" } do
  UNICODE[#UNICODE + 1] = char
end

-- The ends are letters: nobody's secret begins or ends with what a URL or a sentence does.
local function secret_of(alphabet)
  local parts = { pick(LETTERS), pick(LETTERS) }
  for _ = 1, random(10, 40) do parts[#parts + 1] = pick(alphabet) end
  return table.concat(parts) .. pick(LETTERS) .. pick(LETTERS)
end

--- One that may hold anything that a secret may hold.
local function any_secret() return secret_of(pick { BASE64, QUOTES, UNICODE, LETTERS }) end

--- One for the Authorization header.
local function header_secret() return secret_of(pick { BASE64, QUOTES, LETTERS }) end

--- One for each place where one may be given.
local function make_secrets()
  return {
    api_key = any_secret(), api_secret = any_secret(), code = any_secret(), user_secret = header_secret(),
    organization_secret = header_secret(), token = any_secret(), password = any_secret(),
    proxy = secret_of(LETTERS),
  }
end

-- Looking for them.

local function form_encode(secret)
  return (core.percent_encode(secret):gsub("%%20", "+"))
end

local function lower_escapes(text)
  return (text:gsub("%%%x%x", string.lower))
end

-- What of base64 depends on the secret alone, wherever it begins.
local function base64_cores(secret)
  local cores = {}
  for shift, mixed in ipairs { 0, 2, 3 } do
    local whole = math.floor((shift - 1 + #secret) * 8 / 6)
    cores[shift] = core.base64(("x"):rep(shift - 1) .. secret):sub(mixed + 1, whole)
  end
  return cores
end

--- What to look for: a map from each form of each secret to its name.
local function needles_of(secrets)
  local needles = {}
  for name, secret in pairs(secrets) do
    local encoded = core.percent_encode(secret)
    local forms = {
      secret, encoded, lower_escapes(encoded), form_encode(secret), (secret:gsub('["\\]', "\\%0")),
      (secret:gsub('["\\/]', "\\%0")),
    }
    for _, text in ipairs(base64_cores(secret)) do
      forms[#forms + 1] = text
      forms[#forms + 1] = (text:gsub("%+", "-"):gsub("/", "_"))
    end
    for _, form in ipairs(forms) do needles[form] = name end
  end
  return needles
end

--- Raises where a text holds one of them.
local function check_text(text, needles, where)
  for needle, name in pairs(needles) do
    if text:find(needle, 1, true) then
      error(("SEED=%d: %s holds %s (as %s): %s"):format(SEED, where, name, needle, text), 0)
    end
  end
end

--- Raises where anything in a value does, keys and metatables' words too.
local function check(value, needles, where, seen)
  seen = seen or {}
  if type(value) == "string" then return check_text(value, needles, where) end
  if type(value) ~= "table" or seen[value] then return end
  seen[value] = true
  check_text(tostring(value), needles, where)
  for key, entry in next, value do
    check(key, needles, where .. "'s names", seen)
    check(entry, needles, where .. "." .. tostring(key), seen)
  end
end

return {
  any_secret = any_secret, header_secret = header_secret, make = make_secrets, needles_of = needles_of,
  check_text = check_text, check = check, pick = pick,
}
