#!/bin/sh
# Installs what the other scripts need; does nothing when it is already there.
set -e
cd "$(dirname "$0")/.."
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  # Errors only: an older Node installs the one that everything runs with, and npm warns of each package that the older one could not run.
  npm ci --no-audit --no-fund --loglevel=error
fi
if [ ! -x node_modules/.bin/node ]; then
  echo "everwarm: Node 24 did not install; run 'npm ci' and look for the script of the package 'node'." >&2
  exit 1
fi
node_modules/.bin/tsc -p tsconfig.build.json
node_modules/.bin/node scripts/build-id.ts
chmod +x dist/cli/main.js 2>/dev/null || true
