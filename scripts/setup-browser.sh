#!/bin/sh
# Sees to it that there is a Chromium for the tests and the bench of browsers: $EVERWARM_CHROMIUM, or the system's, or by apt.
set -e
if [ -n "$EVERWARM_CHROMIUM" ]; then
  [ -x "$EVERWARM_CHROMIUM" ] && exit 0
  echo "everwarm: EVERWARM_CHROMIUM names $EVERWARM_CHROMIUM, which is no program." >&2
  exit 1
fi
[ -x /usr/bin/chromium ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo 'everwarm: installing Chromium by apt, for the tests of browsers'
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  exit 0
fi
echo "everwarm: the tests of browsers need Chromium. As root: 'apt-get install chromium'; or set EVERWARM_CHROMIUM to the path of one." >&2
exit 1
