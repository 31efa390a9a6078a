#!/bin/sh
# Bring in Debian's Chromium for the browser tests where that is allowed; elsewhere say how, and let those tests be skipped.
set -u

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -n "${RECSYS_CHROMIUM:-}" ] && [ -x "$RECSYS_CHROMIUM" ] && exit 0

remedy="install it (Debian: apt-get install chromium) or set RECSYS_CHROMIUM=/path/to/chrome"
command -v apt-get >/dev/null 2>&1 || { echo "No Chromium: the browser tests will be skipped; $remedy"; exit 0; }

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
    as_root="sudo -n"
else
    echo "No Chromium, and no right to install it: the browser tests will be skipped; $remedy"
    exit 0
fi

echo "Installing Chromium for the browser tests"
# shellcheck disable=SC2086  # as_root is a command of several words, or nothing
{ $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null \
    || echo "Chromium could not be installed: the browser tests will be skipped; $remedy"
