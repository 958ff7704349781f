--- This library, with its defaults: a fresh state for each oauth_url, certificates as it finds them. What stays the
-- same from call to call is given to the client, as the README has it.

local function arguments(job)
  local sapanywhere = require "sapanywhere"
  local creates = job.call == "create_instance"
  local values = job.values
  local client = assert(sapanywhere.new {
    base_url = job.base_url, tls = job.ca_file and { ca_file = job.ca_file },
    max_connections = job.in_flight > 1 and job.in_flight or nil,
    user_secret = values.user_secret, organization_secret = values.organization_secret,
    api_key = values.api_key, api_secret = values.api_secret, callback_url = values.callback_url,
  })
  local options = {
    code = creates and values.code or nil, name = creates and values.name or nil,
    tags = creates and values.tags or nil,
  }
  return sapanywhere, client, options
end

-- A page of customers, by the token of an instance.
local function open_list(job)
  local sapanywhere = require "sapanywhere"
  local shop = assert(sapanywhere.instance {
    base_url = job.base_url, user_secret = job.values.user_secret, token = job.values.token,
  })
  return function() return (assert(shop.customers:list { page_size = 100 })) end
end

local function open(job)
  if job.call == "list_customers" then return open_list(job) end
  local _, client, options = arguments(job)
  local method = client[job.call]
  return function()
    return (assert(method(client, options)))
  end
end

local function many(job, count)
  local sapanywhere, client, options = arguments(job)
  local method = client[job.call]
  local items = {}
  for i = 1, count do items[i] = i end
  local _, errors = sapanywhere.all {
    items = items, concurrency = job.in_flight,
    worker = function() job.check(assert(method(client, options))) end,
  }
  for _, err in pairs(errors) do
    if err ~= errors.n then error(tostring(err), 0) end
  end
end

return { open = open, many = many, http2 = true }
