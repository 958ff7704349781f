--- The SAP Anywhere element of the Cloud Elements API: from the user's consent to a live connection.
-- @module sapanywhere

local core = require "sapanywhere.core"
local all = require "sapanywhere.all"
local callback = require "sapanywhere.callback"
local client = require "sapanywhere.client"
local options = require "sapanywhere.options"
local redact = require "sapanywhere.redact"
local state = require "sapanywhere.state"
local version = require "sapanywhere.version"

local M = { _VERSION = version }

local shared -- the client behind the functions of the module, made when it is first needed

local function shared_client()
  if not shared then shared = client.new(options.read(options.NEW, {})) end
  return shared
end

local function check_table(name, given)
  if type(given) ~= "table" then error(name .. ": a table of options is expected, not a " .. type(given), 3) end
end

function M.new(given)
  check_table("new", given)
  local values, err = options.read(options.NEW, given)
  if not values then return nil, err end
  return client.new(values)
end

function M.oauth_url(given)
  check_table("oauth_url", given)
  local result, err, meta = shared_client():oauth_url(given)
  return result, err, meta
end

function M.create_instance(given)
  check_table("create_instance", given)
  local result, err, meta = shared_client():create_instance(given)
  return result, err, meta
end

M.parse_callback = callback.parse
M.all = all
M.redact = redact.copy
M.state = state.new
M.null = core.null

return M
