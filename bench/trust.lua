--- Makes a command trust the service's CA beside Debian's, with no option set: in a mount namespace of its
-- own, /etc/ssl/certs is a copy that holds one CA more, both in the bundle and, hashed, in the directory.
-- So each contender finds what it finds on any Debian, at the usual place and of the usual size.

local CERTS = "/etc/ssl/certs"

local prepare = [[
set -e
mkdir ${dir}
cp -a ]] .. CERTS .. [[/. ${dir}
cat ${ca} >>${dir}/ca-certificates.crt
cp ${ca} ${dir}/$(openssl x509 -hash -noout -in ${ca}).0
]]

-- Root may, and so may everybody where the kernel lets users have namespaces.
local ways = { "unshare -m", "unshare -rm" }

--- @treturn[1] string what to write before a command
-- @return[2] nil
-- @treturn[2] string why not
return function(rig, service)
  local dir = service.dir .. "/certs"
  local script = prepare:gsub("%${(%w+)}", { dir = rig.quote(dir), ca = rig.quote(service.ca_file) })
  if not rig.output("{ " .. script .. "}") then return nil, CERTS .. " cannot be copied" end
  for _, way in ipairs(ways) do
    local enter = 'mount --bind "$0" ' .. CERTS .. ' && exec "$@"'
    local before = ("%s sh -c %s %s"):format(way, rig.quote(enter), rig.quote(dir))
    if rig.output(before .. " true 2>/dev/null") then return before end
  end
  return nil, "this user can make no mount namespace"
end
