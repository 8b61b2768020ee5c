#!/usr/bin/env bash
# Tries the way to the database of docker-compose.yml: a PostgreSQL with the certificate and the pg_hba.conf of
# deploy/postgres, and the programs over it. Asks the server which connections are encrypted, and that others
# are refused.
#
#   bash deploy/dev/tls.sh FOLDER    with the programs aimapper (built with the feature `server`),
#                                    aimapper-api and aimapper-worker
#
# Programs whose libpq is built in have no TLS: of these, only how they say so is checked. All of it runs with
# what the image is built of:
#
#   cargo build --workspace --no-default-features --features aimapper-cli/server
#
# AIMAPPER_TEST_RABBITMQ_URL may name a broker; else one is started, and stopped at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."

programs=$(realpath "${1:?the folder with the programs}")

die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/aimapper-tls.XXXXXX")
postgres=
rabbitmq=
running=()
# shellcheck disable=SC2329
end() {
    local process
    for process in "${running[@]}"; do kill "$process" 2>/dev/null || true; done
    for process in "${running[@]}"; do wait "$process" || true; done
    if [ -n "$postgres" ]; then bash deploy/dev/postgres.sh stop "$postgres"; fi
    if [ -n "$rabbitmq" ]; then bash deploy/dev/rabbitmq.sh stop "$rabbitmq"; fi
    rm -rf "$work"
}
trap end EXIT

# The server's user has to come through to its key and to its rules.
chmod 0711 "$work"
mkdir -m 0711 "$work/server" "$work/root" "$work/other" "$work/other-root"
bash deploy/postgres/certificate.sh "$work/server" "$work/root" 2>/dev/null
bash deploy/postgres/certificate.sh "$work/other" "$work/other-root" 2>/dev/null
install -m 0644 deploy/postgres/pg_hba.conf "$work/pg_hba.conf"
started=$(bash deploy/dev/postgres.sh start ssl=on "ssl_cert_file=$work/server/server.crt" \
    "ssl_key_file=$work/server/server.key" "hba_file=$work/pg_hba.conf")
postgres=${started%%$'\t'*}
url=${started#*$'\t'}
# The certificate is for names.
url=${url/@127.0.0.1:/@localhost:}
port=${url##*:}
port=${port%/*}

# Becomes a program with its data in the folder of this trial, over an address with these parameters; to be
# called in a shell of its own, which then is the process that is ended.
with() {
    local parameters=$1 program=$2
    shift 2
    exec env -i PATH=/usr/bin:/bin AIMAPPER__DATA__DIR="$work/data" AIMAPPER__DATABASE__URL="$url?$parameters" \
        AIMAPPER__LOG__LEVEL=warn,lapin=off "${settings[@]}" "$programs/$program" "$@"
}
settings=()

# Whether the tables can be made over such an address, and what is said about it.
refused() {
    local parameters=$1 words=$2 said
    if said=$(with "$parameters" aimapper migrate 2>&1); then
        die "a connection with $parameters was let in" "see deploy/postgres/pg_hba.conf"
    fi
    grep -qF -- "$words" <<<"$said" || die "a connection with $parameters is refused without: $words" "$said"
    printf 'refused with %s: %s\n' "${parameters//$work\//}" "$words"
}

refused sslmode=disable "no encryption"
if said=$(with "sslmode=require" aimapper migrate 2>&1); then
    printf 'let in with sslmode=require\n'
else
    # What a build without TLS has to say, and what to do about it.
    for words in "error: " "asks for TLS to the database, which this build has not" "hint: "; do
        grep -qF -- "$words" <<<"$said" || die "a program without TLS does not say: $words" "$said"
    done
    printf 'the libpq of these programs has no TLS, and they say so\n'
    exit
fi
refused "sslmode=verify-full&sslrootcert=$work/other-root/root.crt" "certificate verify failed"
for mode in verify-ca verify-full; do
    (with "sslmode=$mode&sslrootcert=$work/root/root.crt" aimapper migrate) >/dev/null
    printf 'let in with sslmode=%s\n' "$mode"
done

if [ -z "${AIMAPPER_TEST_RABBITMQ_URL:-}" ]; then
    started=$(bash deploy/dev/rabbitmq.sh start)
    rabbitmq=${started%%$'\t'*}
    export AIMAPPER_TEST_RABBITMQ_URL=${started#*$'\t'}
fi
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
settings=(
    "AIMAPPER__BROKER__URL=$AIMAPPER_TEST_RABBITMQ_URL" "AIMAPPER__BROKER__PREFIX=aimapper.tls.$port"
    "AIMAPPER__SERVER__BIND=127.0.0.1:$(free_port)" "AIMAPPER__WORKER__BIND=127.0.0.1:$(free_port)"
)
for part in api worker; do
    parameters="sslmode=verify-full&sslrootcert=$work/root/root.crt&application_name=$part"
    with "$parameters" "aimapper-$part" >"$work/$part.log" 2>&1 &
    running+=($!)
done
for address in "${settings[2]#*=}" "${settings[3]#*=}"; do
    curl --silent --fail --retry 60 --retry-delay 1 --retry-all-errors --max-time 5 --output /dev/null \
        "http://$address/health/ready" || { tail -n 20 "$work"/*.log >&2; die "no answer at $address" "see the output above"; }
done
# By the socket, which is the server's own and has no TLS.
ask() { psql --no-psqlrc --quiet --tuples-only --no-align --command "$1" "postgres:///postgres?host=$postgres&port=$port&user=aimapper"; }
for part in api worker; do
    of="FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = '$part'"
    held=$(ask "SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl), min(version) $of")
    case "$held" in
        0\|* | *\|[1-9]*\|*) die "not all connections of $part are encrypted: $held" "see pg_stat_ssl" ;;
        *) printf '%s: %s connections, all of them %s\n' "$part" "${held%%|*}" "${held##*|}" ;;
    esac
done
