#!/usr/bin/env bash
# What the test of the pages in a browser needs: Debian's Chromium with its driver, and axe-core, which
# looks for what keeps people out of a page. Installs and fetches what is missing, and prints what to
# export, one NAME=VALUE a line. Network: Debian's registry and PyPI, only if something is missing.
#
# What is there already is taken: AIMAPPER_TEST_CHROMEDRIVER (the driver's program) and
# AIMAPPER_TEST_AXE (axe.min.js) may name it.
set -euo pipefail
cd "$(dirname "$0")/../.."

# PyPI has axe-core as a file of this package; the sum is that of the file.
package=axe-playwright-python==0.1.8
axe_file=axe_playwright_python/axe.min.js
axe_sha256=84494fec757e4710dc751c8d7a636e457f4532f08f85c86dc9070133fbff53bc

die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install() {
    command -v apt-get >/dev/null || die "$* is not here" "install it, or name it by a variable (see the head of this script)"
    echo "installing $*" >&2
    as_root apt-get update -q >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

# Both from Debian, so that their versions fit.
driver() {
    if [ -n "${AIMAPPER_TEST_CHROMEDRIVER:-}" ]; then
        printf '%s\n' "$AIMAPPER_TEST_CHROMEDRIVER"
        return
    fi
    if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
        install chromium chromium-driver
    fi
    command -v chromedriver || die "chromedriver is still not here" "see the output above"
}

is_axe() { printf '%s  %s\n' "$axe_sha256" "$1" | sha256sum --check --status 2>/dev/null; }

axe() {
    if [ -n "${AIMAPPER_TEST_AXE:-}" ]; then
        printf '%s\n' "$AIMAPPER_TEST_AXE"
        return
    fi
    mkdir -p "${CARGO_TARGET_DIR:-target}/dev"
    local folder
    folder=$(cd "${CARGO_TARGET_DIR:-target}/dev" && pwd)
    if ! is_axe "$folder/$axe_file"; then
        python3 -m pip --version >/dev/null 2>&1 || install python3 python3-pip
        echo "fetching $package" >&2
        rm -rf "$folder/axe"
        python3 -m pip download -q --no-deps --only-binary :all: --dest "$folder/axe" "$package" >&2
        python3 -m zipfile -e "$folder"/axe/*.whl "$folder" >&2
        is_axe "$folder/$axe_file" || die "$folder/$axe_file has another SHA-256 than $axe_sha256" "the package has changed; look at what it is now before you change the sum"
    fi
    printf '%s\n' "$folder/$axe_file"
}

chromedriver=$(driver)
axe_script=$(axe)
printf 'AIMAPPER_TEST_CHROMEDRIVER=%s\nAIMAPPER_TEST_AXE=%s\n' "$chromedriver" "$axe_script"
