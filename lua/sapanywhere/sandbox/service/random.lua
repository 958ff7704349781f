--- Random bytes from the system, and what the service makes of them.
-- @module sapanywhere.sandbox.random

local random = {}

--- Reads random bytes.
-- @tparam number count
-- @treturn string
function random.bytes(count)
  local file = assert(io.open("/dev/urandom", "rb"))
  file:setvbuf("no")
  local bytes = file:read(count)
  file:close()
  return bytes
end

--- Random hexadecimal digits.
-- @tparam number digits an even number
-- @treturn string
function random.hex(digits)
  return (random.bytes(digits / 2):gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

--- A secret as the platform makes them: 43 characters of base64 and one `=`, with a `+` and a `/` in
-- every one, so that a client that encodes or trims them is found out at once.
-- @treturn string
function random.secret()
  local out = random.bytes(41):gsub(".", function(char)
    local index = char:byte() % 64 + 1
    return alphabet:sub(index, index)
  end)
  return out:sub(1, 11) .. "+" .. out:sub(12, 29) .. "/" .. out:sub(30) .. "="
end

--- A random whole number.
-- @tparam number low
-- @tparam number high
-- @treturn number between `low` and `high`, both included
function random.number(low, high)
  local value = 0
  for _, byte in ipairs { random.bytes(4):byte(1, 4) } do value = value * 256 + byte end
  return low + value % (high - low + 1)
end

return random
