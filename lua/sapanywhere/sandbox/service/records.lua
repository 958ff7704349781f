--- Lua values as lines of text: how the running service and the program that started it tell each other
-- things. A record is one line holding a Lua expression made of tables, strings, numbers and booleans,
-- in ASCII only, so that any Lua reads what any other has written, whatever bytes the strings hold.
-- @module sapanywhere.sandbox.records

local records = {}

local function decimal_escape(char)
  return ("\\%03d"):format(char:byte())
end

local write_value

local function write_table(value, out)
  out[#out + 1] = "{"
  local length = #value
  for i = 1, length do
    write_value(value[i], out)
    out[#out + 1] = ","
  end
  for key, item in pairs(value) do
    if type(key) == "string" then
      out[#out + 1] = "["
      write_value(key, out)
      out[#out + 1] = "]="
      write_value(item, out)
      out[#out + 1] = ","
    end
  end
  out[#out + 1] = "}"
end

function write_value(value, out)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = '"' .. value:gsub('[%c"\\\127-\255]', decimal_escape) .. '"'
  elseif kind == "number" then
    out[#out + 1] = (value % 1 == 0 and "%d" or "%.17g"):format(value)
  elseif kind == "table" then
    write_table(value, out)
  else
    out[#out + 1] = tostring(value)
  end
end

--- Writes a value as one line, without its line end.
-- @param value a string, finite number, boolean, or a table of these (string keys and a list part)
-- @treturn string the line
function records.write(value)
  local out = {}
  write_value(value, out)
  return table.concat(out)
end

--- Reads a line that `write` made.
-- @tparam string line
-- @return[1] the value
-- @return[2] nil
-- @treturn[2] string what is wrong with the line
function records.read(line)
  local chunk, problem
  if setfenv then
    chunk, problem = loadstring("return " .. line, "=record")
    if chunk then setfenv(chunk, {}) end
  else
    chunk, problem = load("return " .. line, "=record", "t", {})
  end
  if not chunk then return nil, problem end
  return chunk()
end

--- Reads every whole line of a text.
-- @tparam string text
-- @treturn table the values, in order
-- @treturn number how many bytes of the text they took; a last line without its end is left for later
function records.read_all(text)
  local values, taken = {}, 0
  for line, after in text:gmatch("([^\n]*)\n()") do
    values[#values + 1] = records.read(line)
    taken = after - 1
  end
  return values, taken
end

return records
