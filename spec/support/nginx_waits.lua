--- Why calls cannot wait in this machine's nginx, in words; nil where they can. lua-resty-core came later than some
-- nginx of Debian's, and OpenResty brings its own.
-- @treturn ?string

local system = require "sapanywhere.sandbox.carrier.system"

return function()
  if package.searchpath("ngx.semaphore", package.path) then return nil end
  local said = system.output("PATH=$PATH:/usr/sbin:/usr/local/openresty/nginx/sbin nginx -V 2>&1")
  return not said:find("openresty", 1, true) and "waiting in nginx needs lua-resty-core" or nil
end
