#!/bin/sh
# Once, when the database is made, after roles.sql: a password for each role, and the database for its owner.
set -eu
for role in owner application sequencer; do
  printf "ALTER ROLE medai_%s LOGIN PASSWORD '%s';\n" "$role" "$(cat "/run/secrets/${role}_password")"
done | psql -qv ON_ERROR_STOP=1 -U "$POSTGRES_USER"
psql -qv ON_ERROR_STOP=1 -U "$POSTGRES_USER" -c 'CREATE DATABASE medai OWNER medai_owner'
