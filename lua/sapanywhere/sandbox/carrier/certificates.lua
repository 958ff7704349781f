--- The shell script that makes a certificate authority and the certificates it signs.
-- @module sapanywhere.sandbox.certificates

local certificates = {}

--- Text for the files that the script needs beside it, by name.
certificates.files = {
  ["ca.cnf"] = [[
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
commonName = sapanywhere sandbox
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
]],
  ["ca.index"] = "",
  ["certify.sh"] = [[
set -e
umask 077
new_key() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
}
# name, section of extensions, start, end
sign() {
  openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -extensions "$2" \
    -startdate "$3" -enddate "$4" -in leaf.csr -out "$1.pem"
}
now=$(date -u -d '1 day ago' +%Y%m%d%H%M%SZ 2>/dev/null || date -u +%Y%m%d%H%M%SZ)
new_key ca
new_key leaf
openssl req -x509 -new -config ca.cnf -extensions authority -key ca.key -days 3650 -out ca.pem
openssl req -x509 -new -config ca.cnf -extensions localhost -key leaf.key -days 3650 -out self_signed.pem
openssl req -new -config ca.cnf -key leaf.key -out leaf.csr
sign localhost localhost "$now" 20491231235959Z
sign wrong_name wrong_name "$now" 20491231235959Z
sign client client "$now" 20491231235959Z
sign expired localhost 20000101000000Z 20010101000000Z
]],
}

return certificates
