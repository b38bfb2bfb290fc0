#!/bin/sh
# Sees to it that there is a Postgres for the tests of databases, which start one of their own: by apt, without the system's own cluster.
# Where there is none, those tests are skipped.
set -e
for initdb in /usr/lib/postgresql/*/bin/initdb; do
  [ -x "$initdb" ] && exit 0
done
command -v initdb >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo 'everwarm: installing by apt, for the tests of databases: postgresql'
  # Read by postgresql-common when a server is installed; not ours to change where it is there already.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold postgresql >/dev/null; then exit 0; fi
fi
echo "everwarm: tests of Postgres are skipped. As root: 'apt-get install postgresql'" >&2
