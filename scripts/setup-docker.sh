#!/bin/sh
# Sees to it that there is a container engine for the tests, which start one of their own if none answers, and what their images
# are made of: by apt. Where there is none, tests of containers are skipped.
set -e
missing=''
command -v dockerd >/dev/null 2>&1 || missing="$missing docker.io"
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || missing="$missing busybox-static"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "everwarm: installing by apt, for the tests of containers:$missing"
  # An engine that begins by itself is nothing that tests have to leave behind.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f $policy' EXIT
  fi
  # shellcheck disable=SC2086
  if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold $missing iptables >/dev/null; then exit 0; fi
fi
echo "everwarm: tests of containers are skipped. As root: 'apt-get install$missing'" >&2
