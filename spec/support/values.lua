--- What the steps of a call work with, made as the library makes it.

local derive = require "sapanywhere.call.derive"
local hidden = require "sapanywhere.base.hidden"
local options = require "sapanywhere.api.options"
local prepare = require "sapanywhere.call.prepare"
local rows = require "sapanywhere.api.rows"

local M = {}

--- The values of a client.
function M.client(given)
  return derive.made_with(options.NEW, given, options.defaults, options)
end

--- The values of a resource of an instance of a client.
function M.instance(given, client)
  local values, err = derive.made_with(options.INSTANCE, given, client, options)
  if values then values.resource = "customers" end
  return values, err
end

--- What a client, or an object that was made with it, has its calls from.
function M.owner(object)
  return hidden.known(object, getmetatable(object))
end

--- The connections of a client.
function M.connections(client)
  return M.owner(client).connections
end

local plain_client

--- The values of a call of a client, or of one without options: values; or nil and the error.
function M.call(name, given, client)
  plain_client = plain_client or assert(M.client {})
  return derive.call(prepare.ready(rows[name], options), given, client or plain_client, options)
end

return M
