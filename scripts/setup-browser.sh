#!/bin/sh
# Sees to it that there are browsers and drivers for the tests and the bench: $EVERWARM_CHROMIUM, or the system's, or by apt.
# Without Chromium it fails; tests of a browser or driver that is not here are skipped.
set -e
if [ -n "$EVERWARM_CHROMIUM" ] && [ ! -x "$EVERWARM_CHROMIUM" ]; then
  echo "everwarm: EVERWARM_CHROMIUM names $EVERWARM_CHROMIUM, which is no program." >&2
  exit 1
fi
missing=''
want() { # want PROGRAM PACKAGE
  command -v "$1" >/dev/null 2>&1 || [ -x "$1" ] || missing="$missing $2"
}
want "${EVERWARM_CHROMIUM:-/usr/bin/chromium}" chromium
want chromedriver chromium-driver
want firefox-esr firefox-esr
want WebKitWebDriver webkit2gtk-driver
want Xvfb xvfb
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "everwarm: installing by apt, for the tests of browsers:$missing"
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  exit 0
fi
echo "everwarm: some tests of browsers need more. As root: 'apt-get install$missing'" >&2
case "$missing" in *' chromium '* | *' chromium')
  echo "everwarm: without Chromium nothing can be tested; EVERWARM_CHROMIUM may name one." >&2
  exit 1
  ;;
esac
