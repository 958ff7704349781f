-- A secret is found under whatever it wears, and whatever stands around it, and so is the value after a sensitive
-- name. What is shown is one line of UTF-8 in which nothing acts unseen, and hiding again changes nothing that matters.

local core = require "sapanywhere.core"
local disguises = require "sapanywhere.hide.disguises"
local redact = require "sapanywhere.redact"

local function each_byte(form)
  return function(text)
    return (text:gsub(".", function(char) return form:format(char:byte()) end))
  end
end

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&apos;" }

-- Each puts one layer of escapes on bytes from 20 to FF; those behind the first BYTE_WISE stand for characters, not for
-- bytes, and only take those up to 7E.
local LAYERS = {
  each_byte "%%%02X", each_byte "%%%02x", core.percent_encode,
  function(text) return (text:gsub('[\\"/]', "\\%0")) end,
  function(text) return (text:gsub("[&<>\"']", ENTITIES)) end,
  each_byte "\\u%04x", each_byte "&#%d;", each_byte "&#x%X;",
}
local BYTE_WISE = 5

-- What is under escapes: the secret itself, or the base64 of it and what stands beside it.
local CORES = {
  function(secret) return secret end,
  function(secret, before, after) return core.base64(before .. secret .. after) end,
  function(secret, before, after) return core.base64url(before .. secret .. after) end,
}

local function printable(bytes)
  return (bytes:gsub("%c", function(char) return string.char(32 + char:byte() % 32) end))
end

-- Reads an input from its beginning on; bytes that are not there are 0.
local Reader = {}
Reader.__index = Reader

function Reader:byte()
  local byte = self.input:byte(self.at) or 0
  self.at = self.at + 1
  return byte
end

function Reader:bytes(count)
  local bytes = self.input:sub(self.at, self.at + count - 1)
  self.at = self.at + count
  return bytes
end

function Reader:is_over() return self.at > #self.input end

local function dress(secret, reader)
  local form = CORES[reader:byte() % #CORES + 1](secret, printable(reader:bytes(reader:byte() % 4)), "/after")
  for _ = 1, reader:byte() % 4 do
    local choice = form:find("[\128-\255]") and BYTE_WISE or #LAYERS
    form = LAYERS[reader:byte() % choice + 1](form)
  end
  return form
end

-- The text of an input, and what must not be in it afterwards. Brackets keep what is before a form out of its escapes.
local function build(reader, secret)
  local parts, forms = {}, {}
  while not reader:is_over() do
    if reader:byte() % 2 == 0 then
      parts[#parts + 1] = reader:bytes(reader:byte() % 40)
    else
      forms[#forms + 1] = dress(secret, reader)
      parts[#parts + 1] = "(" .. forms[#forms] .. ")"
    end
  end
  return table.concat(parts), forms
end

-- Each is a way to write a value that has letters and digits alone beside its name.
local NAMED = {
  "https://h.example/?a=b&token=%s&c=d", "?u=https%%3A%%2F%%2Fh%%3Fapi_secret%%3D%s%%26c", "x?a[code]=%s&b",
  '{"a":1,"token":"%s","b":2}', "{'password':'%s'}", '"{\\"token\\":\\"%s\\"}"', '{"key":"api.secret","value":"%s"}',
  "<a><token>%s</token></a>", "<a token='%s'/>", "<x:code><![CDATA[%s]]></x:code>", "\nX-Api-Key: %s\nb",
  "\nAuthorization: Bearer %s\n", "https://me:%s@h.example/", "User %s, Organization o1",
}

-- The value is not shown where a line of its own holds it beside its name, whatever stands on the line before.
local function check_named(reader)
  local before = reader:bytes(reader:byte() % 30)
  local form = NAMED[reader:byte() % #NAMED + 1]
  if before:find("[\"'<>/%[{\\%%=:&@]") then before = "" end
  local shown = redact.text(before .. "\n" .. form:format("Zq9Value1") .. "\n")
  assert(not shown:find("Zq9Value1", 1, true), "what stands under a sensitive name is shown")
end

local LONGEST_SEARCHED = 8 * 1024

return function(input)
  local reader = setmetatable({ input = input, at = 1 }, Reader)
  check_named(setmetatable({ input = input, at = 1 }, Reader))
  local secret = printable(reader:bytes(4 + reader:byte() % 40))
  local text, forms = build(reader, secret)
  if #secret < 4 or #text > LONGEST_SEARCHED then return end
  local hidden = disguises.hide(text, { secret })
  local rest = hidden:gsub("%[hidden%]", "\0")
  for _, form in ipairs(forms) do
    assert(not rest:find(form, 1, true), "a secret is shown")
  end
  assert(hidden == "[hidden]" or not core.may_hold(hidden, { secret }), "a secret is left")
  assert(hidden == text or core.may_hold(text, secret), "what holds no secret was changed")
  local line = redact.line(text, 200, { secret })
  assert(#line <= 203 and core.is_utf8(line) and not core.has_control(line), "no line to show")
  assert(redact.visible(line) == line, "something acts unseen")
  redact.copy({ [text] = { key = text, value = text } }, { secret })
end
