--- What the program that starts the sandbox needs of its system, with nothing but Lua's own libraries.
-- @module sapanywhere.sandbox.system

local system = {}

--- Quotes a text as one word of a shell command.
-- @tparam string text
-- @treturn string
function system.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Runs a shell command.
-- @tparam string command
-- @treturn string what it wrote to its standard output
function system.output(command)
  local pipe = assert(io.popen(command, "r"))
  local text = pipe:read("*a")
  pipe:close()
  return text or ""
end

--- Reads a file.
-- @tparam string path
-- @tparam[opt] number offset
-- @treturn string its bytes, none where it does not exist
function system.read_file(path, offset)
  local file = io.open(path, "rb")
  if not file then return "" end
  if offset then file:seek("set", offset) end
  local text = file:read("*a")
  file:close()
  return text or ""
end

--- Writes a file.
-- @tparam string path
-- @tparam string text
function system.write_file(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

return system
