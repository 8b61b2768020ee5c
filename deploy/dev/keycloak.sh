#!/usr/bin/env bash
# A Keycloak of its own for the tests: on a free port of the loopback, with the realm of
# deploy/keycloak/aimapper-realm.json, its data in a folder of its own, and gone afterwards.
#
#   keycloak.sh start [OPTION...]    gets it if it is missing, starts it, prints the folder and the URL, tab
#                                    between; the options are further ones of `kc.sh start-dev`
#   keycloak.sh stop FOLDER          stops the one of that folder and deletes the folder
#
# FOLDER/admin holds name and password of the administrator, a line each (KC_BOOTSTRAP_ADMIN_USERNAME and
# _PASSWORD, if they are set), FOLDER/realm.env what the realm was given for its passwords: variables that its
# file names are taken from the environment as well, and made up where they are not set.
#
# Keycloak is 180 MB from Maven Central and takes half a minute for its first start, in which it is put
# together. Both are done once: what comes of it is kept in AIMAPPER_CACHE, or XDG_CACHE_HOME/aimapper.
# Needs Java 17 or newer, Maven and unzip; Debian's are installed if they are missing. Exit code 3: Maven
# cannot get it.
set -euo pipefail

version=26.7.3
artifact=org.keycloak:keycloak-quarkus-dist:$version:zip
# The sum of what Maven Central serves.
sha256=27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f
here=$(cd "$(dirname "$0")/../.." && pwd)
realm=$here/deploy/keycloak/aimapper-realm.json
cache=${AIMAPPER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aimapper}/keycloak-$version
# The first start on a machine that has other things to do.
start_seconds=180

# The folder of what is not up yet; it goes if that ends.
begun=
# shellcheck disable=SC2329
give_up() {
    [ -z "$begun" ] || stop "$begun"
}
trap give_up EXIT
trap 'exit 1' INT TERM

die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit "${3:-1}"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install() {
    local missing=()
    command -v java >/dev/null || missing+=(default-jre-headless)
    if [ ! -e "$cache/complete" ]; then
        command -v mvn >/dev/null || missing+=(maven)
        command -v unzip >/dev/null || missing+=(unzip)
    fi
    command -v curl >/dev/null || missing+=(curl)
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "${missing[*]}: not here" "install Java 17 or newer, Maven, unzip and curl, or set AIMAPPER_TEST_KEYCLOAK_URL and AIMAPPER_TEST_KEYCLOAK_FOLDER"
    echo "installing ${missing[*]}" >&2
    as_root apt-get update -q >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}

# Puts what Maven Central has into the cache.
fetch() {
    [ ! -e "$cache/complete" ] || return 0
    mkdir -p "$cache"
    exec {lock}>"$cache/lock"
    flock "$lock"
    if [ ! -e "$cache/complete" ]; then
        echo "fetching $artifact" >&2
        local new=$cache/new
        rm -rf "$new" "$cache/dist"
        mkdir -p "$new"
        if ! timeout 600 mvn -B -q -Dmaven.repo.local="$new/maven" dependency:copy \
            -Dartifact="$artifact" -DoutputDirectory="$new" >"$new/maven.log" 2>&1; then
            tail -n 20 "$new/maven.log" >&2
            die "Maven cannot get $artifact" "see the output above; without Maven Central, set AIMAPPER_TEST_KEYCLOAK_URL and AIMAPPER_TEST_KEYCLOAK_FOLDER" 3
        fi
        printf '%s  %s\n' "$sha256" "$new/keycloak-quarkus-dist-$version.zip" | sha256sum --check --status \
            || die "$artifact has another SHA-256 than $sha256" "look at what it is before you change the sum"
        unzip -q "$new/keycloak-quarkus-dist-$version.zip" -d "$new"
        mv "$new/keycloak-$version" "$cache/dist"
        rm -rf "$new"
        touch "$cache/complete"
    fi
    exec {lock}>&-
}

# Keeps what the first start has put together, for all later ones.
keep() {
    local folder=$1
    [ ! -e "$cache/together" ] || return 0
    exec {lock}>"$cache/lock"
    flock "$lock"
    if [ ! -e "$cache/together" ]; then
        rm -rf "$cache/new"
        cp -a "$folder/keycloak/lib" "$cache/new"
        rm -rf "$cache/dist/lib"
        mv "$cache/new" "$cache/dist/lib"
        touch "$cache/together"
    fi
    exec {lock}>&-
}

random() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# The variables that the realm's file names and that have no default.
named_by_realm() { sed -nE 's/.*"\$\{([A-Z0-9_]+)\}".*/\1/p' "$realm" | sort -u; }

# Starts it on a port that is free now; whether it answers in time.
up() {
    local folder=$1 port=$2 pid deadline
    shift 2
    # A session of its own, so that its script and what that starts are one group.
    JAVA_OPTS_KC_HEAP=-Xmx512m setsid "$folder/keycloak/bin/kc.sh" start-dev --http-host=127.0.0.1 \
        --http-port="$port" --import-realm "$@" >"$folder/server.log" 2>&1 </dev/null &
    pid=$!
    printf '%s\n' "$pid" >"$folder/pid"
    deadline=$((SECONDS + start_seconds))
    until curl --silent --fail --max-time 5 --output "$folder/discovery" \
        "http://127.0.0.1:$port/realms/aimapper/.well-known/openid-configuration"; do
        kill -0 "$pid" 2>/dev/null || return 1
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.3
    done
}

start() {
    install
    fetch
    local folder name port
    folder=$(mktemp -d "${TMPDIR:-/tmp}/aimapper-keycloak.XXXXXX")
    begun=$folder
    # Everybody gets a copy, because it writes beside what it is made of.
    exec {lock}>"$cache/lock"
    flock "$lock"
    cp -a --reflink=auto "$cache/dist" "$folder/keycloak"
    exec {lock}>&-
    mkdir -p "$folder/keycloak/data/import"
    cp "$realm" "$folder/keycloak/data/import/"
    (
        umask 077
        printf '%s\n%s\n' "${KC_BOOTSTRAP_ADMIN_USERNAME:-admin}" \
            "${KC_BOOTSTRAP_ADMIN_PASSWORD:-$(random)}" >"$folder/admin"
        for name in $(named_by_realm); do
            printf '%s=%s\n' "$name" "${!name:-$(random)}"
        done >"$folder/realm.env"
    )
    set -a
    # shellcheck source=/dev/null
    . "$folder/realm.env"
    KC_BOOTSTRAP_ADMIN_USERNAME=$(sed -n 1p "$folder/admin")
    KC_BOOTSTRAP_ADMIN_PASSWORD=$(sed -n 2p "$folder/admin")
    set +a
    for _ in 1 2 3; do
        port=$((20000 + RANDOM % 12000))
        if up "$folder" "$port" "$@"; then
            keep "$folder"
            begun=
            printf '%s\thttp://127.0.0.1:%s\n' "$folder" "$port"
            return
        fi
        end "$folder"
        # Only somebody else at its port is a reason for another one.
        grep -q 'already in use' "$folder/server.log" || break
    done
    tail -n 40 "$folder/server.log" >&2
    die "Keycloak does not start" "see the output above"
}

# Ends it, and waits until it has, so that its folder can go.
end() {
    local folder=$1 pid
    pid=$(cat "$folder/pid" 2>/dev/null || true)
    [ -n "$pid" ] || return 0
    kill -KILL -- "-$pid" 2>/dev/null || true
    for _ in {1..100}; do
        kill -0 -- "-$pid" 2>/dev/null || return 0
        sleep 0.1
    done
}

stop() {
    local folder=$1
    end "$folder"
    rm -rf "$folder"
}

case "${1:-}" in
    start) start "${@:2}" ;;
    stop) stop "${2:?keycloak.sh stop FOLDER}" ;;
    *) die "no such verb: ${1:-}" "keycloak.sh start [OPTION...], or keycloak.sh stop FOLDER" ;;
esac
