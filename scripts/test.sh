#!/bin/sh
# All checks: types, lint, format, tests, and the verdicts of the fixtures against stock forks.
# Ends with a line "N passed, N failed" of tests and checks. About twenty minutes on two cores.
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/node_modules/.bin:$PATH"
work=$(mktemp -d)
# Our own tests run on everwarm, with a daemon and caches that end with them.
own() { EVERWARM_HOME="$work/h" EVERWARM_CACHE="$work/c" "$@"; }
trap 'own node dist/cli/main.js pool stop >/dev/null 2>&1; rm -rf "$work"' EXIT
passed=0
failed=0

check() { # check NAME COMMAND…
  name=$1
  shift
  echo "== $name"
  if "$@"; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo "== $name FAILED"
  fi
}

check 'types' tsc -p tsconfig.json --noEmit
check 'lint' oxlint
check 'format' oxfmt --check src tests benchmarks scripts

echo '== tests'
# What takes longest begins first, also where nothing has run yet.
own node dist/cli/main.js timings import tests/timings.jsonl
own vitest run --reporter=default --reporter=json --outputFile.json="$work/tests.json"
status=$?
# vitest's own count; a run that broke off or had unhandled errors counts as one failure more.
counts=$(node scripts/count.ts "$work/tests.json" "$status")
passed=$((passed + ${counts% *}))
failed=$((failed + ${counts#* }))

check 'verdicts: probes' node scripts/diff.ts fixtures/probes --rounds 2
check 'verdicts: probes that fail' node scripts/diff.ts fixtures/probes-failing --rounds 2
check 'verdicts: shop' node scripts/diff.ts fixtures/shop --rounds 2

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
