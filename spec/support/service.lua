--- A local service for a spec, and the options with which it is asked.
--
--     local service = require "support.service".start {}
--     service:client { base_url = … }:oauth_url(service:asking {})
--     service:client {}:create_instance(service:creating { name = … })
--     service:stop()

local core = require "sapanywhere.core"
local sandbox = require "sapanywhere.sandbox"
local sapanywhere = require "sapanywhere"

local Service = {}

local function merged(base, more)
  for name, value in pairs(more or {}) do base[name] = value end
  return base
end

-- What the sandbox itself has is found there.
local metatable = {
  __index = function(self, name) return Service[name] or self.sandbox[name] end,
}

local M = {}

--- Starts one; the options are the sandbox's.
function M.start(options)
  return setmetatable({ sandbox = assert(sandbox.start(options)) }, metatable)
end

function Service:stop()
  self.sandbox:stop()
end

--- A base URL that misbehaves, unlike every other one.
function Service:url(wishes)
  wishes.run = wishes.run or core.hex(core.random(6))
  return self.sandbox:url(wishes)
end

--- The options of an oauth_url that is granted.
function Service:asking(more)
  return merged({
    api_key = self.api_key, api_secret = self.api_secret, callback_url = self.callback_url,
  }, more)
end

--- A code that was not used yet.
function Service:code(wanted)
  return (assert(self.sandbox:authorize(wanted or {})):match("[?&]code=([^&]+)"))
end

--- The options of a create_instance that succeeds.
function Service:creating(more)
  local options = self:asking {
    user_secret = self.user_secret, organization_secret = self.organization_secret, name = "an instance",
  }
  options.code = more and more.code or self:code()
  return merged(options, more)
end

--- A client of it; TLS works, and nothing is repeated unless it is asked to be.
function Service:client(options)
  return assert(sapanywhere.new(merged({
    base_url = self.base_url, tls = { ca_file = self.ca_file }, retry = false,
  }, options)))
end

--- How many instances of each name there are.
function Service:count_names()
  local count = {}
  for _, instance in ipairs(self.sandbox:instances()) do
    count[instance.name] = (count[instance.name] or 0) + 1
  end
  return count
end

--- The requests since the last time they were asked for.
function Service:take_log()
  local log = self.sandbox:log()
  self.sandbox:clear_log()
  return log
end

return M
