#!/usr/bin/env bash
# Makes the certificate of the PostgreSQL of docker-compose.yml, once; there is nothing to do while it
# is there. It signs itself: whoever connects trusts exactly this certificate and no authority, so there
# is no second key that could be stolen.
#
#   certificate.sh SERVER ROOT    SERVER gets key and certificate, for the database alone; ROOT gets
#                                 root.crt, for those that connect
#
# A new one: delete both volumes (docker compose down; docker volume rm aimapper_tls-server
# aimapper_tls-root) and start again.
set -euo pipefail
umask 077

server=${1:?certificate.sh SERVER ROOT}
root=${2:?certificate.sh SERVER ROOT}

if [ ! -e "$server/server.crt" ]; then
    # `postgres` is its name among the containers, `localhost` that for the api, which is on the host.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
        -subj /CN=postgres -addext subjectAltName=DNS:postgres,DNS:localhost \
        -keyout "$server/server.key" -out "$server/new.crt"
    # Last, because it is the mark that both are whole.
    mv "$server/new.crt" "$server/server.crt"
fi
# PostgreSQL takes a key only from its own user or root, and nobody else may read it.
if [ "$(id -u)" -eq 0 ]; then chown -R postgres: "$server"; fi
chmod 0700 "$server"
install -m 0644 "$server/server.crt" "$root/root.crt"
chmod 0755 "$root"
