#!/usr/bin/env bash
# A RabbitMQ of its own for the tests: on free ports of the loopback, with its own data folder, and gone
# afterwards.
#
#   rabbitmq.sh start          installs it if it is missing, starts it, prints the folder and the URL,
#                              tab between
#   rabbitmq.sh up FOLDER      starts the one of that folder again, after it was killed or went down
#   rabbitmq.sh down FOLDER    lets it end in order
#   rabbitmq.sh kill FOLDER    kills it
#   rabbitmq.sh stop FOLDER    kills it and deletes the folder
#   rabbitmq.sh ask FOLDER TOOL ARGUMENTS..    runs one of its tools, such as rabbitmqctl
set -euo pipefail

programs=/usr/lib/rabbitmq/bin
here=$(cd "$(dirname "$0")" && pwd)

die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install() {
    [ ! -x "$programs/rabbitmq-server" ] || return 0
    command -v apt-get >/dev/null || die "RabbitMQ is not here" "install RabbitMQ 3.10 or newer, or set AIMAPPER_TEST_RABBITMQ_URL"
    echo "installing rabbitmq-server" >&2
    as_root apt-get update -q >&2
    # Where the system starts what it installs, that one is left alone: ours has its own ports.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends rabbitmq-server >&2
    [ -x "$programs/rabbitmq-server" ] || die "RabbitMQ is still not here" "see the output above"
}

# The settings of a folder's server, for it and for its tools.
of() {
    local folder=$1
    # shellcheck disable=SC1091
    . "$folder/ports"
    export HOME=$folder
    export ERL_EPMD_PORT=$epmd_port ERL_EPMD_ADDRESS=127.0.0.1
    export RABBITMQ_NODENAME="aimapper-$port@localhost" RABBITMQ_DIST_PORT=$dist_port
    export RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" RABBITMQ_CONF_ENV_FILE="$folder/none"
    export RABBITMQ_MNESIA_BASE="$folder/mnesia" RABBITMQ_LOG_BASE="$folder/log"
    export RABBITMQ_ENABLED_PLUGINS_FILE="$folder/plugins" RABBITMQ_PID_FILE="$folder/pid"
    export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 1:1"
    # The answers of its tools are read, so no terminal and no other language.
    export LANG=C.UTF-8 LC_ALL=C.UTF-8
    unset RABBITMQ_NODE_PORT RABBITMQ_NODE_IP_ADDRESS
}

up() {
    local folder=$1
    of "$folder"
    setsid "$programs/rabbitmq-server" >>"$folder/server.log" 2>&1 </dev/null &
    "$programs/rabbitmqctl" -q wait --timeout 60 "$folder/pid" >>"$folder/server.log" 2>&1
}

# The process, and the small server of names that came with it.
kill_it() {
    local folder=$1
    of "$folder"
    local pid
    pid=$(cat "$folder/pid" 2>/dev/null || true)
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
    rm -f "$folder/pid"
}

start() {
    install
    local folder password
    folder=$(mktemp -d "${TMPDIR:-/tmp}/aimapper-rabbitmq.XXXXXX")
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    mkdir -p "$folder/log"
    echo "[]." >"$folder/plugins"
    for _ in 1 2 3 4 5; do
        local port=$((20000 + RANDOM % 12000))
        printf 'port=%s\ndist_port=%s\nepmd_port=%s\n' "$port" "$((port + 1))" "$((port + 2))" >"$folder/ports"
        cat >"$folder/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$port
default_user = aimapper
default_pass = $password
disk_free_limit.absolute = 200MB
log.console = false
CONF
        if up "$folder"; then
            "$programs/rabbitmqctl" -q import_definitions "$here/../rabbitmq/definitions.json" >>"$folder/server.log" 2>&1 \
                || { cat "$folder/server.log" >&2; die "RabbitMQ does not take its definitions" "see the output above"; }
            printf '%s\tamqp://aimapper:%s@127.0.0.1:%s/%%2f\n' "$folder" "$password" "$port"
            return
        fi
        kill_it "$folder"
    done
    cat "$folder/server.log" >&2
    rm -rf "$folder"
    die "RabbitMQ does not start" "see the output above"
}

case "${1:-}" in
    start) start ;;
    up) up "${2:?rabbitmq.sh up FOLDER}" ;;
    down)
        of "${2:?rabbitmq.sh down FOLDER}"
        "$programs/rabbitmqctl" -q shutdown --timeout 30 >>"$2/server.log" 2>&1
        ;;
    kill) kill_it "${2:?rabbitmq.sh kill FOLDER}" ;;
    stop)
        kill_it "${2:?rabbitmq.sh stop FOLDER}"
        epmd -port "$ERL_EPMD_PORT" -kill >/dev/null 2>&1 || true
        rm -rf "$2"
        ;;
    ask)
        of "${2:?rabbitmq.sh ask FOLDER TOOL ARGUMENTS..}"
        "$programs/${3:?rabbitmq.sh ask FOLDER TOOL ARGUMENTS..}" "${@:4}"
        ;;
    *) die "no such verb: ${1:-}" "rabbitmq.sh start | up FOLDER | down FOLDER | kill FOLDER | stop FOLDER | ask FOLDER TOOL .." ;;
esac
