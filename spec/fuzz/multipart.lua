-- A form is taken apart into what it was made of, whatever the file, its name and what is said of it hold: borders of
-- other forms, quotes, line ends. And the local service finds parts in any bytes, or refuses them.

local core = require "sapanywhere.core"
local multipart = require "sapanywhere.call.multipart"
local service = require "sapanywhere.sandbox.service.multipart"

local other = multipart.border()

-- Where the input says so, a border of another form, or its beginning.
local function with_borders(text)
  return (text:gsub("\1", "\r\n--" .. other):gsub("\2", "--" .. other .. "--\r\n"):gsub("\3", "\r\n--sapanywhere-"))
end

-- The heads between borders, as lines.
local function lines_of(head)
  local list = {}
  for line in head:gmatch("(.-)\r\n") do list[#list + 1] = line end
  return list
end

local function part_of(form, parts, name)
  local part = parts[name]
  return part and form:sub(part.offset + 1, part.offset + part.size)
end

local function check_form(path, file, meta_data)
  local border = multipart.border()
  local before, behind, content_type = multipart.around(border, path, meta_data)
  local form = before .. file .. behind
  local parts = assert(service.read(service.source(form), content_type), "a form that cannot be read")
  assert(part_of(form, parts, "file") == file, "another file")
  assert(part_of(form, parts, "metaData") == meta_data, "something else is said of the file")
  local lines = lines_of(before:match("%-%-" .. border:gsub("%-", "%%-") .. '\r\n[^\r]*name="file".*$'))
  assert(#lines == 4 and lines[4] == "" and lines[3]:find("^Content%-Type: [%w/%-]+$"), "a head of more or fewer lines")
  local name = assert(lines[2]:match('^Content%-Disposition: form%-data; name="file"; filename="([^"\r\n\\]*)"$'))
  local plain = path:match("[^/]*$")
  assert(core.percent_decode(name) == core.percent_decode(plain), "another name")
  assert(core.is_utf8(plain) == core.is_utf8(name))
end

-- The input is a path and a file; a file and what is said of it; and a form, with a border in its first line.
return function(input)
  local half = math.floor(#input / 2)
  local one, two = input:sub(1, half), with_borders(input:sub(half + 1))
  check_form("/tmp/" .. one, two, nil)
  check_form("rows.csv", two, core.encode { note = core.base64(one) })
  check_form("rows.csv", with_borders(one), two)

  local border = input:match("^%-%-([^\r\n;%s\"]+)")
  if not border then return end
  local parts = service.read(service.source(input), "multipart/form-data; boundary=" .. border)
  for _, part in pairs(parts or {}) do
    assert(part.offset >= 0 and part.size >= 0 and part.offset + part.size <= #input, "a part outside of its form")
  end
end
