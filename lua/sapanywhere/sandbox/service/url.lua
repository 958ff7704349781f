--- Percent-encoding and query strings, as the service needs them.
-- It stands apart from the library's own, so that a mistake there is not excused by the same mistake
-- here.
-- @module sapanywhere.sandbox.url

local url = {}

--- Encodes everything but the unreserved characters of RFC 3986.
-- @tparam string text
-- @treturn string
function url.encode(text)
  return (text:gsub("[^%w%-._~]", function(char) return ("%%%02X"):format(char:byte()) end))
end

--- Decodes percent-escapes once.
-- @tparam string text
-- @tparam[opt] boolean plus whether `+` stands for a space
-- @treturn[1] string
-- @return[2] nil where an escape is malformed
function url.decode(text, plus)
  if plus then text = text:gsub("%+", " ") end
  if text:gsub("%%%x%x", ""):find("%", 1, true) then return nil end
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- Reads a query string or a form body.
-- @tparam string query without its question mark
-- @treturn[1] table a map from each name to the list of its values
-- @return[2] nil where an escape is malformed
function url.parse_query(query)
  local values = {}
  for pair in query:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    name, value = url.decode(name, true), url.decode(value, true)
    if not name or not value then return nil end
    values[name] = values[name] or {}
    table.insert(values[name], value)
  end
  return values
end

--- Writes a query string.
-- @tparam table pairs a list of `{ name, value }`, each encoded once
-- @treturn string
function url.build_query(pairs)
  local parts = {}
  for _, pair in ipairs(pairs) do
    parts[#parts + 1] = url.encode(pair[1]) .. "=" .. url.encode(pair[2])
  end
  return table.concat(parts, "&")
end

--- Appends parameters to a URL that may have a query already.
-- @tparam string target
-- @tparam table pairs as for `build_query`
-- @treturn string
function url.append_query(target, pairs)
  local joint = not target:find("?", 1, true) and "?" or (target:find("[?&]$") and "" or "&")
  return target .. joint .. url.build_query(pairs)
end

--- Tells whether a text is an absolute http(s) URL that a browser can be sent to and that can take a
-- query.
-- @tparam string text
-- @treturn boolean
function url.is_callback(text)
  return text:find("^[Hh][Tt][Tt][Pp][Ss]?://[^/?#%s]+") ~= nil and not text:find("[%c%s#\"<>\\]")
end

return url
