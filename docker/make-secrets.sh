#!/bin/sh
# Makes the secrets that docker/compose.yml mounts, each a file in docker/secrets; what exists stays.
# The certificate is self-signed, for a trial: put your own in its place. Keep a copy of the directory: without
# pseudonym_key and audit_signing_key old pseudonyms and signatures cannot be checked any more.
set -eu
directory=${1:-"$(dirname "$0")/secrets"}
mkdir -p "$directory"
chmod 700 "$directory"
cd "$directory"

keep() { # name command...: writes what the command prints, unless the file exists
  name=$1
  shift
  [ -s "$name" ] || { "$@" >"$name.new" && mv "$name.new" "$name"; }
}
keep postgres_password openssl rand -hex 24
for role in owner application sequencer; do
  keep "${role}_password" openssl rand -hex 24
  keep "${role}_url" printf 'postgres://medai_%s:%s@postgres:5432/medai' "$role" "$(cat "${role}_password")"
done
keep redis_password openssl rand -hex 24
keep redis_url printf 'redis://:%s@redis:6379' "$(cat redis_password)"
keep admin_password openssl rand -hex 16
keep pseudonym_key openssl rand -base64 32
keep password_pepper openssl rand -base64 32
keep jwt_signing_key openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
keep audit_signing_key openssl genpkey -algorithm ed25519
if [ ! -s proxy.pem ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout proxy.key -out proxy.crt 2>/dev/null
  cat proxy.crt proxy.key >proxy.pem
  rm proxy.crt proxy.key
fi
# Containers read them under other users than yours; the directory keeps everybody else out.
chmod 644 ./*
