--- SHA-256 and HMAC-SHA256, with nothing but the Lua that runs.
-- It stands apart from the library's own, which is OpenSSL's, so that a mistake there is not excused by the same
-- mistake here. Meant for kilobytes.
-- @module sapanywhere.sandbox.sha256

local sha256 = {}

-- Operations on 32 bits, from whatever this Lua has; results may be signed.

local function operate_with_signs()
  return load [[
    local function ror(a, n) a = a & 0xffffffff; return (a >> n | a << 32 - n) & 0xffffffff end
    return {
      band = function(a, b) return a & b end, bxor = function(a, b) return a ~ b end,
      bnot = function(a) return ~a & 0xffffffff end, ror = ror, rshift = function(a, n) return a >> n end,
    }]]
end

local digits = {} -- of all pairs of four bits: both and, and exclusive or
for a = 0, 15 do
  for b = 0, 15 do
    local both, either, place = 0, 0, 1
    for _ = 1, 4 do
      local x, y = math.floor(a / place) % 2, math.floor(b / place) % 2
      both, either, place = both + x * y * place, either + (x + y) % 2 * place, place * 2
    end
    digits[a * 16 + b] = { both, either }
  end
end

local function combine(which)
  return function(a, b)
    local result, place = 0, 1
    for _ = 1, 8 do
      result = result + digits[a % 16 * 16 + b % 16][which] * place
      a, b, place = math.floor(a / 16), math.floor(b / 16), place * 16
    end
    return result
  end
end

local function operate_by_digits()
  local function rshift(a, n) return math.floor(a / 2 ^ n) end
  return {
    band = combine(1), bxor = combine(2), rshift = rshift,
    bnot = function(a) return 4294967295 - a end,
    ror = function(a, n) return rshift(a, n) + a % 2 ^ n * 2 ^ (32 - n) end,
  }
end

-- The ways to operate on bits, by name; each gives its operations, or nil where this Lua does not have them.
sha256.ways = {
  bit = function() local ok, found = pcall(require, "bit") return ok and found or nil end,
  bit32 = function()
    local found = rawget(_G, "bit32")
    return found and { band = found.band, bxor = found.bxor, bnot = found.bnot, ror = found.rrotate,
      rshift = found.rshift }
  end,
  signs = function() return _VERSION >= "Lua 5.3" and operate_with_signs()() or nil end,
  digits = operate_by_digits,
}

-- The constants of the standard: the first 32 bits of the fractions of roots of primes.

local function list_primes(count)
  local primes, candidate = {}, 2
  while #primes < count do
    local is_prime = true
    for _, prime in ipairs(primes) do
      if candidate % prime == 0 then is_prime = false end
    end
    if is_prime then primes[#primes + 1] = candidate end
    candidate = candidate + 1
  end
  return primes
end

local function take_fraction(root) return math.floor(root % 1 * 2 ^ 32) end

local rounds, start = {}, {}
for index, prime in ipairs(list_primes(64)) do
  rounds[index] = take_fraction(prime ^ (1 / 3))
  if index <= 8 then start[index] = take_fraction(prime ^ 0.5) end
end

-- The function

local function pad(text)
  local bits, length = #text * 8, {}
  for index = 8, 1, -1 do
    length[index] = string.char(bits % 256)
    bits = math.floor(bits / 256)
  end
  return text .. "\128" .. ("\0"):rep((55 - #text) % 64) .. table.concat(length)
end

local function make_compress(bits)
  local band, bxor, bnot, ror, rshift = bits.band, bits.bxor, bits.bnot, bits.ror, bits.rshift

  local function read_words(text, at)
    local w = {}
    for index = 1, 16 do
      local a, b, c, d = text:byte(at + index * 4 - 4, at + index * 4 - 1)
      w[index] = a * 16777216 + b * 65536 + c * 256 + d
    end
    for index = 17, 64 do
      local x, y = w[index - 15], w[index - 2]
      local s0 = bxor(bxor(ror(x, 7), ror(x, 18)), rshift(x, 3))
      local s1 = bxor(bxor(ror(y, 17), ror(y, 19)), rshift(y, 10))
      w[index] = (w[index - 16] + s0 + w[index - 7] + s1) % 4294967296
    end
    return w
  end

  return function(state, text, at)
    local w = read_words(text, at)
    local a, b, c, d, e, f, g, h = state[1], state[2], state[3], state[4], state[5], state[6], state[7], state[8]
    for index = 1, 64 do
      local s1 = bxor(bxor(ror(e, 6), ror(e, 11)), ror(e, 25))
      local choice = bxor(band(e, f), band(bnot(e), g))
      local one = h + s1 % 4294967296 + choice % 4294967296 + rounds[index] + w[index]
      local s0 = bxor(bxor(ror(a, 2), ror(a, 13)), ror(a, 22))
      local majority = bxor(bxor(band(a, b), band(a, c)), band(b, c))
      a, b, c, d, e, f, g, h = (one + s0 % 4294967296 + majority % 4294967296) % 4294967296, a, b, c,
        (d + one) % 4294967296, e, f, g
    end
    for index, value in ipairs { a, b, c, d, e, f, g, h } do state[index] = (state[index] + value) % 4294967296 end
  end
end

--- Makes a digest function on one of `ways`.
-- @tparam table bits the operations
-- @treturn function of a text, gives 32 bytes
function sha256.make(bits)
  local compress = make_compress(bits)
  return function(text)
    local state, padded = {}, pad(text)
    for index, value in ipairs(start) do state[index] = value end
    for at = 1, #padded, 64 do compress(state, padded, at) end
    return (("%08x"):rep(8):format((unpack or table.unpack)(state)):gsub("%x%x", function(hex)
      return string.char(tonumber(hex, 16))
    end))
  end
end

--- Digests a text.
-- @function digest
-- @tparam string text
-- @treturn string 32 bytes
sha256.digest = sha256.make(sha256.ways.bit() or sha256.ways.bit32() or sha256.ways.signs() or sha256.ways.digits())

local function mask(key, byte)
  return (key:gsub(".", function(char)
    local value, mixed, place = char:byte(), 0, 1
    for _ = 1, 8 do
      local x, y = math.floor(value / place) % 2, math.floor(byte / place) % 2
      mixed, place = mixed + (x + y) % 2 * place, place * 2
    end
    return string.char(mixed)
  end))
end

--- Authenticates a text.
-- @tparam string key
-- @tparam string text
-- @treturn string 32 bytes
function sha256.hmac(key, text)
  if #key > 64 then key = sha256.digest(key) end
  key = key .. ("\0"):rep(64 - #key)
  return sha256.digest(mask(key, 0x5c) .. sha256.digest(mask(key, 0x36) .. text))
end

return sha256
