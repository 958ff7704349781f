--- Runs an example for nginx as it stands, but for its port, in a copy of examples/.

local ports = require "sapanywhere.sandbox.carrier.ports"
local system = require "sapanywhere.sandbox.carrier.system"

local Example = {}
Example.__index = Example

-- Ends with its pipe, however this program ends.
local COMMAND = "cd %s && %s LUA_PATH=%s LUA_CPATH=%s %s -p \"$PWD\" -c nginx.conf >log 2>&1 & "
  .. "cat >/dev/null; kill $!; wait"
local READY = "for i in $(seq 100); do curl -s -o /dev/null 127.0.0.1:%d/ && echo yes && break; sleep 0.02; done"

local M = {}

--- The paths of a Lua in another directory: those of this one, made absolute.
function M.absolute(path)
  local here = system.output("pwd -P"):gsub("\n", "")
  return (path:gsub("[^;]+", function(template)
    return template:sub(1, 1) == "/" and template or here .. "/" .. template
  end))
end

-- The configuration on another port; an nginx that has Lua built in needs no module for it.
local function read_config(self, program)
  local config = system.read_file(self.dir .. "/nginx.conf"):gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. self.port)
  if system.output(program .. " -V 2>&1"):find("openresty", 1, true) then
    config = config:gsub("load_module [^\n]*\n", "")
  end
  return config
end

--- Starts an example.
-- @tparam string name its folder in examples/
-- @tparam[opt] table how `variables`, shell text such as "KEY=x"; `change`, a function of the configuration; `files`,
--   more files, text by name, or a function of the port that returns them
-- @treturn table `dir`, `port` and `origin`, with the methods `log` and `stop`
function M.start(name, how)
  how = how or {}
  local root = system.output("mktemp -d"):gsub("\n", "")
  local self = setmetatable({ root = root, dir = root .. "/" .. name, port = ports.pick({ "http" }).http }, Example)
  self.origin = "http://127.0.0.1:" .. self.port
  os.execute(("cp -r examples/* %s && mkdir %s/temp && chmod -R a+rwX %s"):format(root, self.dir, root))
  local files = type(how.files) == "function" and how.files(self) or how.files or {}
  for file, text in pairs(files) do system.write_file(self.dir .. "/" .. file, text) end
  local program = system.output("PATH=$PATH:/usr/sbin:/usr/local/openresty/nginx/sbin command -v nginx"):gsub("\n", "")
  local config = read_config(self, program)
  system.write_file(self.dir .. "/nginx.conf", how.change and how.change(config) or config)
  local quote = system.quote
  self.pipe = assert(io.popen(COMMAND:format(quote(self.dir), how.variables or "", quote(M.absolute(package.path)),
    quote(M.absolute(package.cpath)), program), "w"))
  if system.output(READY:format(self.port)) == "yes\n" then return self end
  local said = self:log()
  self:stop()
  error(said)
end

--- What it has written to its log.
function Example:log()
  return system.read_file(self.dir .. "/log")
end

function Example:stop()
  if self.pipe then self.pipe:close() end
  self.pipe = nil
  os.execute("rm -rf " .. system.quote(self.root))
end

return M
