--- A certificate authority, the certificates it signs, and one that nobody has signed.
-- Each authority has a name of its own: a certificate is not looked for among those of another, and older versions of
-- OpenSSL take one for self-signed where its name is its issuer's.
-- @module sapanywhere.sandbox.carrier.certificates

local core = require "sapanywhere.core"
local random = require "sapanywhere.sandbox.service.random"
local system = require "sapanywhere.sandbox.carrier.system"

local certificates = {}

local DAY = 24 * 60 * 60
local LAST = 2524607999 -- 2049 ends

local AUTHORITY = {
  { "basicConstraints", "critical,CA:TRUE" }, { "keyUsage", "critical,keyCertSign,cRLSign" },
  { "subjectKeyIdentifier", "hash" },
}

local function for_server(names)
  return { { "basicConstraints", "CA:FALSE" }, { "subjectAltName", names }, { "extendedKeyUsage", "serverAuth" } }
end

local LOCALHOST = for_server "DNS:localhost,IP:127.0.0.1,IP:::1"
local CLIENT = { { "basicConstraints", "CA:FALSE" }, { "extendedKeyUsage", "clientAuth" } }

-- Each file; from and to are seconds since 1970, and all but the authority certify the same key.
local function list_files(now)
  return {
    { "ca", issuer = "ca", extensions = AUTHORITY, from = now - DAY },
    { "self_signed", issuer = "leaf", extensions = LOCALHOST, from = now - DAY },
    { "localhost", issuer = "ca", extensions = LOCALHOST, from = now - DAY },
    { "wrong_name", issuer = "ca", extensions = for_server "DNS:wrong.example", from = now - DAY },
    { "client", issuer = "ca", extensions = CLIENT, from = now - DAY },
    { "expired", issuer = "ca", extensions = LOCALHOST, from = 946684800, to = 978307200 }, -- the year 2000
  }
end

local function write_certificates(dir, keys)
  local names = { ca = "sandbox-authority-" .. random.hex(8), leaf = "localhost" }
  for _, file in ipairs(list_files(os.time())) do
    local certificate, problem = core.make_certificate(keys[file[1]] or keys.leaf, names[file[1]] or names.leaf,
      keys[file.issuer], names[file.issuer], file.from, file.to or LAST, file.extensions)
    if not certificate then return nil, problem end
    system.write_file(("%s/%s.pem"):format(dir, file[1]), certificate)
  end
  return true
end

-- What the keeper makes only its owner reads.
local function write_key(supervisor, key)
  local said, problem = supervisor:run { "touch", "leaf.key" }
  if not said then return nil, problem end
  system.write_file(supervisor.dir .. "/leaf.key", key)
  return true
end

local function make_keys()
  local authority, problem = core.make_key()
  if not authority then return nil, problem end
  local leaf
  leaf, problem = core.make_key()
  return leaf and { ca = authority, leaf = leaf }, problem
end

local function make_all(supervisor)
  local keys, problem = make_keys()
  if not keys then return nil, problem end
  local done
  done, problem = write_key(supervisor, keys.leaf)
  if not done then return nil, problem end
  return write_certificates(supervisor.dir, keys)
end

--- Makes them all, in the supervisor's directory; the authority's key is kept nowhere.
-- @tparam table supervisor
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string what went wrong
function certificates.make(supervisor)
  local done, problem = make_all(supervisor)
  if not done then return nil, "the certificates cannot be made: " .. problem end
  return true
end

return certificates
