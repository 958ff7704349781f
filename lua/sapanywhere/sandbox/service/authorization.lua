--- The Authorization header: `User <secret>, Organization <secret>[, Element <token>]` for what is the
-- account's, `User <secret>, Element <token>` for what is an instance's.
-- Read as strictly as the vendor's samples write it: capitalised schemes, one space, a comma and one
-- space between items, nothing quoted or encoded, no scheme twice. The order is free.
-- @module sapanywhere.sandbox.authorization

local authorization = {}

local schemes = { User = true, Organization = true, Element = true }

local function read_item(item, given)
  local scheme, value = item:match("^(%a+) ([^%s,]+)$")
  if not scheme then return "an item is not a scheme, one space and a value" end
  if not schemes[scheme] then return "a scheme is none of User, Organization, Element" end
  if given[scheme] then return "a scheme is given twice" end
  given[scheme] = value
end

--- Reads the header.
-- @param header its value as received: nil, a string, or a list where it came more than once
-- @treturn[1] table a map from scheme to value
-- @return[2] nil
-- @treturn[2] string what is wrong with it
function authorization.parse(header)
  if not header then return nil, "there is no Authorization header" end
  if type(header) ~= "string" then return nil, "there is more than one Authorization header" end
  local given = {}
  for item in (header .. ", "):gmatch("(.-), ") do
    local problem = read_item(item, given)
    if problem then return nil, problem end
  end
  return given
end

local function find_instance(store, token)
  for _, row in pairs(store:kind("instances")) do
    if row.token == token then return row end
  end
end

--- Checks the header against the secrets that are accepted.
-- @param header as for `parse`
-- @tparam table settings with `user_secret` and `organization_secret`
-- @tparam table store in which an Element token must be known
-- @tparam string wanted `"account"`: User and Organization are needed; `"instance"`: User and Element
-- @treturn[1] table `instance`, where there is an Element token, is the row of its instance
-- @return[2] nil
-- @treturn[2] string what is wrong, for the log
function authorization.check(header, settings, store, wanted)
  local given, problem = authorization.parse(header)
  if not given then return nil, problem end
  if not given.User then return nil, "the User secret is missing" end
  if wanted == "account" and not given.Organization then return nil, "the Organization secret is missing" end
  if wanted == "instance" and not given.Element then return nil, "the Element token is missing" end
  if given.User ~= settings.user_secret then return nil, "the User secret is wrong" end
  if given.Organization and given.Organization ~= settings.organization_secret then
    return nil, "the Organization secret is wrong"
  end
  local instance = given.Element and find_instance(store, given.Element)
  if given.Element and not instance then return nil, "the Element token is unknown" end
  return { instance = instance }
end

return authorization
