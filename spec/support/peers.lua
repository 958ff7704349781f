--- Starts the peers of peer.lua.

local core = require "sapanywhere.core"
local child = require "support.child"
local system = require "sapanywhere.sandbox.carrier.system"

local Peer = {}
Peer.__index = Peer

local M = {}

--- Starts a peer; it ends with this process at the latest.
-- @tparam string role see peer.lua
-- @param ... the role's arguments
-- @treturn table with its `port`
function M.start(role, ...)
  local self = setmetatable({ path = os.tmpname() }, Peer)
  local words = { "exec", child.interpreter(), "spec/support/peer.lua", role, self.path }
  for _, argument in ipairs { ... } do words[#words + 1] = system.quote(tostring(argument)) end
  self.pipe = assert(io.popen(table.concat(words, " "), "w"))
  local ends = core.now() + 30
  while core.now() < ends do
    self.port = tonumber(self:report():match("^port (%d+)\n"))
    if self.port then return self end
    core.poll(-1, 0.01)
  end
  self:stop()
  error("the peer does not start: " .. role, 2)
end

--- What it told so far.
function Peer:report()
  return system.read_file(self.path)
end

--- How many lines it told begin with a word.
function Peer:count(word)
  local count = 0
  for line in self:report():gmatch("[^\n]+") do
    if line:sub(1, #word) == word then count = count + 1 end
  end
  return count
end

function Peer:stop()
  if not self.pipe then return end
  self.pipe:close()
  self.pipe = nil
  os.remove(self.path)
end

return M
