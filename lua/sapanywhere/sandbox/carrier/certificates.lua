--- A certificate authority and the certificates it signs, made by the command `openssl`.
-- Each has a name of its own: older versions take a certificate for self-signed where its name is its issuer's.
-- @module sapanywhere.sandbox.carrier.certificates

local system = require "sapanywhere.sandbox.carrier.system"

local certificates = {}

local config = [[
[ca]
default_ca = sandbox
[sandbox]
dir = .
database = ca.index
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = anything
[anything]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
commonName = localhost
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[localhost]
basicConstraints = CA:FALSE
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
extendedKeyUsage = serverAuth
[wrong_name]
basicConstraints = CA:FALSE
subjectAltName = DNS:wrong.example
extendedKeyUsage = serverAuth
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
]]

local function new_key(name)
  return "ecparam -name prime256v1 -genkey -noout -out " .. name .. ".key"
end

local function self_sign(name, key, extensions, more)
  return ("req -x509 -new -config ca.cnf -extensions %s -key %s.key -days 3650 -out %s.pem%s"):format(
    extensions, key, name, more or "")
end

local function sign(name, extensions, from, to)
  return ("ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in leaf.csr -extensions %s -out %s.pem "
    .. "-startdate %s -enddate %s"):format(extensions, name, from, to)
end

local function list_commands()
  local yesterday = os.date("!%Y%m%d%H%M%SZ", os.time() - 24 * 60 * 60)
  local last = "20491231235959Z"
  return {
    new_key("ca"),
    new_key("leaf"),
    self_sign("ca", "ca", "authority", " -subj /CN=sandbox-authority"),
    self_sign("self_signed", "leaf", "localhost"),
    "req -new -config ca.cnf -key leaf.key -out leaf.csr",
    sign("localhost", "localhost", yesterday, last),
    sign("wrong_name", "wrong_name", yesterday, last),
    sign("client", "client", yesterday, last),
    sign("expired", "localhost", "20000101000000Z", "20010101000000Z"),
  }
end

local function split(command)
  local words = { "openssl" }
  for word in command:gmatch("%S+") do words[#words + 1] = word end
  return words
end

--- Makes them all, in the supervisor's directory.
-- @tparam table supervisor
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string what went wrong
function certificates.make(supervisor)
  system.write_file(supervisor.dir .. "/ca.cnf", config)
  system.write_file(supervisor.dir .. "/ca.index", "")
  for _, command in ipairs(list_commands()) do
    local words = split(command)
    local said, problem = supervisor:run(words)
    if not said then return nil, "the certificates cannot be made with the command openssl: " .. problem end
  end
  return true
end

return certificates
