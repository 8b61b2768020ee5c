#!/usr/bin/env bash
# Asks the REST interface what its OpenAPI document allows and forbids, as schemathesis (PyPI) makes it
# up: no answer may be a fault of ours, have a status that the document does not name, or a body of
# another form. The service is filled first, so that there is something behind the ids.
#
#   bash deploy/dev/schemathesis.sh PROGRAM        the program is built with the feature `server`
#
# Network: PyPI and Debian's packages, once; the service itself listens on loopback.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=4.32.5
program=$(realpath "${1:?the program}")
tools=${CARGO_TARGET_DIR:-target}/dev/schemathesis-$version
say() { printf '%s\n' "$*" >&2; }

if [ ! -x "$tools/bin/schemathesis" ]; then
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        root=()
        if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
        "${root[@]}" apt-get update -q >&2
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3-venv >&2
    fi
    python3 -m venv "$tools"
    "$tools/bin/pip" -q install "schemathesis==$version" >&2
fi

work=$(mktemp -d)
server=
# shellcheck disable=SC2329
end() {
    if [ -n "$server" ]; then kill "$server" && wait "$server" || true; fi
    rm -rf "$work"
}
trap end EXIT
export AIMAPPER__DATA__DIR=$work/data AIMAPPER__LOG__LEVEL=error
"$program" serve --bind 127.0.0.1:0 > "$work/out" &
server=$!
url=
while [ -z "$url" ]; do
    kill -0 "$server" || exit 1
    url=$(sed -n 's/^AiMapper is ready at //p' "$work/out")
done
api=$url/api/v1
token=$("$program" token --role operator)
ask() { curl --silent --show-error --fail-with-body --header "Authorization: Bearer $token" "$@"; }
ended() { ask --no-buffer "$api/jobs/$1/events" > /dev/null && ask "$api/jobs/$1"; }

say "filling $api"
target_version=$(ask --json '{"preset": "transaction"}' "$api/targets")
sent=$(ask --form file=@examples/bank/umsaetze_2026-03.csv --form target="$(jq -r .id <<< "$target_version")" "$api/sources")
reading=$(ended "$(jq -r .job <<< "$sent")")
proposing=$(ended "$(jq -r .outcome.propose <<< "$reading")")
mapping_version=$(ask "$api/mapping-versions/$(jq -r .outcome.mapping_version <<< "$proposing")")
mapping=$(jq -r .mapping <<< "$mapping_version")
accepted=$(ask --request PATCH --header "If-Match: \"$(jq -r .sha256 <<< "$mapping_version")\"" --json '{"accept_at": 0.5}' "$api/mappings/$mapping")
started=$(ask --json "{\"mapping_version\": $(jq .id <<< "$accepted"), \"format\": \"csv\", \"max_rejects\": 2}" "$api/runs")
ended "$(jq -r .job <<< "$started")" > /dev/null

config=$work/schemathesis.toml
ids() {
    printf '[[operations]]\ninclude-path-regex = "^%s"\nparameters = { "path.id" = %s }\n' "$1" "$2" >> "$config"
}
ids '/api/v1/sources/' "$(jq .source <<< "$sent")"
ids '/api/v1/source-versions/' "$(jq .version <<< "$sent")"
ids '/api/v1/targets/.id' "$(jq .target <<< "$target_version")"
ids '/api/v1/mappings/' "\"$mapping\""
ids '/api/v1/mapping-versions/' "$(jq .id <<< "$accepted")"
ids '/api/v1/runs/' "$(jq .run <<< "$started")"
ids '/api/v1/jobs/.id' "$(jq .job <<< "$started")"

"$tools/bin/schemathesis" --config-file "$config" run "$api/openapi.json" \
    --header "Authorization: Bearer $token" \
    --phases examples,coverage,fuzzing --max-examples "${AIMAPPER_EXAMPLES:-25}" --seed 1 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --continue-on-failure --no-color
