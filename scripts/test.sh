#!/usr/bin/env bash
# Runs every test with the race detector and fixed seeds. LETHE_SOAK=1 runs the long counts.
set -euo pipefail
cd "$(dirname "$0")/.."

export LETHE_BIN=$PWD/bin/lethe
# The same random histories each time; the long counts draw new ones.
[ -n "${LETHE_SOAK:-}" ] || export RAPID_SEED=20260301
timeout=60m # a busy machine is no fault of the code
[ -z "${LETHE_SOAK:-}" ] || timeout=4h

# The package runs under the real Functions host where one is given.
if [ -n "${FUNCHOST:-}" ] && [ -z "${LETHE_STAGE:-}" ]; then
  scripts/package.sh
  export LETHE_STAGE=$PWD/dist/stage
  export LAMBDA_PACKAGE=$PWD/dist/lethe-lambda.zip # without it, the tests on AWS's emulators take the program as it is
fi

missing=()
for name in LETHE_SCHEMAS LETHE_CORPUS FUNCHOST FUNCHOST_EXTENSION; do
  [ -n "${!name:-}" ] || missing+=("$name")
done
[ ${#missing[@]} = 0 ] || echo "not set, so the tests that need them skip by name: ${missing[*]}"

go test -race -count=1 -p 2 -timeout "$timeout" ./...
