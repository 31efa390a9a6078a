#!/bin/sh
# Bring in Debian's PostgreSQL for the tests of saved presets where that is allowed; elsewhere say how, and let those be skipped.
# The tests start a server of their own from its programs (tests/store/_postgres.py), which looks in the same places.
set -u

command -v initdb >/dev/null 2>&1 && exit 0
for folder in "${RECSYS_POSTGRESQL:-}" /usr/lib/postgresql/*/bin /usr/local/pgsql/bin /usr/local/bin /usr/local/lib/postgresql/*/bin; do
    [ -n "$folder" ] && [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && exit 0
done

skipped="the tests on PostgreSQL will be skipped"
remedy="install it (Debian: apt-get install postgresql) or set RECSYS_POSTGRESQL=/path/to/its/bin"
command -v apt-get >/dev/null 2>&1 || { echo "No PostgreSQL: $skipped; $remedy"; exit 0; }

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
    as_root="sudo -n"
else
    echo "No PostgreSQL, and no right to install it: $skipped; $remedy"
    exit 0
fi

# The package makes and starts a server by itself unless it is told not to; it is told so for this installation only.
# shellcheck disable=SC2016  # the shell that is called fills these in
install='
    trap "rm -f \"$1/shelfwise.conf\"" EXIT
    trap "exit 1" INT TERM
    mkdir -p "$1" && echo "create_main_cluster = false" > "$1/shelfwise.conf" || exit 1
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql
'
echo "Installing PostgreSQL for the tests of saved presets"
# shellcheck disable=SC2086  # as_root is a command of several words, or nothing
$as_root sh -c "$install" sh /etc/postgresql-common/createcluster.d >/dev/null \
    || echo "PostgreSQL could not be installed: $skipped; $remedy"
