--- A client, made by `sapanywhere.new`: options given once, and connections kept between its calls.
--
-- Its methods are the calls of the module `sapanywhere` that take the account's secrets, under the same names and with
-- the same options: `client:oauth_url { … }`, `client:create_instance { … }`, `client:list_instances { … }`, … What is
-- not given with a call is taken from the client.
-- @classmod sapanywhere.client

local connections = require "sapanywhere.wait.connections"
local derive = require "sapanywhere.call.derive"
local hidden = require "sapanywhere.base.hidden"
local lazy = require "sapanywhere.base.lazy"
local methods = require "sapanywhere.call.methods"
local options = require "sapanywhere.api.options"
local rows = require "sapanywhere.api.rows"

local instance = lazy "sapanywhere.instance"

local Client = {}
Client.__index = Client

for _, call in ipairs(rows.calls) do
  if not call.of then methods.add(Client, call, rows, options, "client") end
end

--- Makes an object for one instance, whose calls carry its token. It shares the client's connections and options.
-- @tparam table given `token` is required, and `user_secret` where the client has none; besides `hub` and the options
--   of a client
-- @treturn[1] sapanywhere.instance the instance
-- @return[2] nil
-- @treturn[2] error kind "usage", with every problem at once
-- @raise when called without a colon, or when `given` is not a table
function Client:instance(given)
  local owner = methods.owner(self, Client, "instance", "client")
  methods.check_table("instance", given)
  return instance.new(owner, given)
end

--- Ends the client's calls in flight, which return kind "closed", and closes its connections. A second time
-- does nothing. Left undone, it happens when the client is collected, or at the end of its scope as a
-- `<close>` variable.
-- @raise when called without a colon
function Client:close()
  methods.owner(self, Client, "close", "client", "()").connections:close()
end

Client.__close = Client.close

--- Makes a client.
-- @tparam table given the options
-- @treturn[1] sapanywhere.client
-- @return[2] nil
-- @treturn[2] error kind "usage", with every problem at once
local function new(given)
  local values, err = derive.made_with(options.NEW, given, options.defaults, options)
  if not values then return nil, err end
  return hidden.object(Client, { connections = connections.new(), values = values })
end

return { new = new }
