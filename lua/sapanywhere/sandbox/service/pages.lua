--- Lists in pages: how many rows a page has, and the token with which the next one is asked for.
-- A token is opaque to clients: base64 of JSON, with a `+`, a `/` and a `=` in every one, so that a client
-- that does not encode it is found out at once. It is good for the list it was given with and no other.
-- @module sapanywhere.sandbox.pages

local base64 = require "sapanywhere.sandbox.service.base64"
local json = require "sapanywhere.sandbox.service.json"

local pages = {}

-- A number that stands for a text; what two texts share it is told apart by nobody here.
local function digest(text)
  local sum = 0
  for index = 1, #text do sum = (sum * 251 + text:byte(index)) % 2 ^ 40 end
  return sum
end

--- Makes a token.
-- @tparam number position where the next page begins, as the list understands it
-- @tparam string list which list it is, with its filters
-- @treturn string
function pages.token(position, list)
  local text = json.encode(json.object { { "x", ">>>???" }, { "from", position }, { "list", digest(list) } })
  return base64.encode(text .. (" "):rep(#text % 3 == 0 and 1 or 0))
end

--- Reads a token.
-- @tparam string token
-- @tparam string list as for `token`
-- @treturn[1] number the position
-- @return[2] nil
-- @treturn[2] string what is wrong with it
function pages.read_token(token, list)
  local text = base64.decode(token)
  local held = text and json.decode(text)
  if not json.is_object(held) or type(held.from) ~= "number" then
    return nil, "The parameter nextPage holds no token of this service."
  end
  if held.list ~= digest(list) then return nil, "The parameter nextPage holds the token of another list." end
  return held.from
end

--- Reads the parameters `pageSize` and `nextPage`.
-- @tparam table values the query, from `url.parse_query`
-- @tparam string list as for `token`
-- @tparam number most rows on a page, which is also what a page has where nothing is asked for
-- @treturn[1] table `size`, `from` (where a token was given) and `capped` (what was asked for, where that is
-- too much)
-- @return[2] nil
-- @treturn[2] string what is wrong
function pages.read(values, list, most)
  local page = { size = most }
  if values.pageSize then
    local size = values.pageSize[1]:match("^%d+$") and tonumber(values.pageSize[1]) or 0
    if size < 1 then return nil, "The parameter pageSize must be a positive number." end
    page.size = math.min(size, most)
    page.capped = size > most and values.pageSize[1] or nil
  end
  if values.nextPage then
    local problem
    page.from, problem = pages.read_token(values.nextPage[1], list)
    if not page.from then return nil, problem end
  end
  return page
end

--- The headers of a page.
-- @tparam table page from `read`
-- @tparam number count how many rows it has
-- @tparam[opt] string token of the next page
-- @treturn table a list of `{ name, value }`
function pages.headers(page, count, token)
  local headers = { { "elements-returned-count", ("%d"):format(count) } }
  if token then table.insert(headers, { "elements-next-page-token", token }) end
  if page.capped then
    table.insert(headers, { "Elements-Error", ("The pageSize of %s is more than the maximum of %d, which was used."):
      format(page.capped:sub(1, 20), page.size) })
  end
  return headers
end

return pages
