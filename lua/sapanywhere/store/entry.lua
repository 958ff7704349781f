--- An entry of a store as text: sealed with a key, or plain.
--
-- A sealed one is base64url of: version (1 byte), the mark of the key (8), nonce (12), the sealed JSON, tag (16). The
-- entry's name is sealed in, so that no entry can be given to another name. The mark tells a wrong key from damage.
-- The key that seals, and its mark, are HMACs of the caller's key.

local core = require "sapanywhere.core"

local VERSION = "\1"
local MARK_BYTES, NONCE_BYTES, TAG_BYTES = 8, 12, 16
local HEAD_BYTES = #VERSION + MARK_BYTES + NONCE_BYTES

local M = {}

--- What is made of the caller's keys.
-- @tparam {string,...} list the caller's keys
-- @treturn[1] table a list of `{ mark =, seal = }`
-- @return[2] nil libcrypto fails
function M.derive(list)
  local keys = {}
  for i, key in ipairs(list) do
    local mark = core.hmac_sha256(key, "sapanywhere.store mark")
    local seal = core.hmac_sha256(key, "sapanywhere.store seal")
    if not mark or not seal then return nil end
    keys[i] = { mark = mark:sub(1, MARK_BYTES), seal = seal }
  end
  return keys
end

local function label(name)
  return "sapanywhere.store entry " .. name
end

--- Seals a text with the first key.
-- @tparam table keys see `derive`
-- @tparam string name the entry's name
-- @tparam string text
-- @treturn[1] string letters, digits, `-` and `_`
-- @return[2] nil the system gives no random bytes, or libcrypto fails
function M.seal(keys, name, text)
  local nonce = core.random(NONCE_BYTES)
  local sealed = nonce and core.seal(keys[1].seal, nonce, label(name), text)
  return sealed and core.base64url(VERSION .. keys[1].mark .. nonce .. sealed) or nil
end

--- Opens what was sealed.
-- @tparam table keys see `derive`
-- @tparam string name
-- @tparam string sealed
-- @treturn[1] string the text
-- @return[2] nil
-- @treturn[2] string "key", where none of the keys sealed it, or "damaged"
function M.open(keys, name, sealed)
  local bytes = core.unbase64url(sealed)
  if not bytes or #bytes < HEAD_BYTES + TAG_BYTES or bytes:sub(1, #VERSION) ~= VERSION then return nil, "damaged" end
  local mark = bytes:sub(#VERSION + 1, #VERSION + MARK_BYTES)
  local nonce = bytes:sub(HEAD_BYTES - NONCE_BYTES + 1, HEAD_BYTES)
  for _, key in ipairs(keys) do
    if core.equal(key.mark, mark) then
      local text = core.unseal(key.seal, nonce, label(name), bytes:sub(HEAD_BYTES + 1))
      if not text then return nil, "damaged" end
      return text
    end
  end
  return nil, "key"
end

--- An entry as JSON.
-- @tparam table value
-- @treturn[1] string
-- @return[2] nil
-- @treturn[2] string what is wrong with the value
function M.write(value)
  return core.encode(value)
end

--- An entry of JSON.
-- @tparam string text
-- @treturn[1] table
-- @return[2] nil it is no entry
function M.read(text)
  local value = core.decode(text, true)
  return type(value) == "table" and value or nil
end

return M
