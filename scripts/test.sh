#!/usr/bin/env bash
# Runs every test with fixed seeds, and what has more than one goroutine with the race detector. LETHE_SOAK=1 runs the long
# counts, and everything with the race detector.
set -euo pipefail
cd "$(dirname "$0")/.."

eval "$(scripts/native.sh)"
export LETHE_BIN=$PWD/bin/lethe
# The same random histories each time; the long counts draw new ones.
[ -n "${LETHE_SOAK:-}" ] || export RAPID_SEED=20260301
timeout=60m # a busy machine is no fault of the code
[ -z "${LETHE_SOAK:-}" ] || timeout=4h

# The package runs under the real Functions host where one is given. It has one worker program, which this machine takes: to build
# the libraries of the other takes minutes, and make package, which the long counts begin with, holds both to the same text.
if [ -n "${FUNCHOST:-}" ] && [ -z "${LETHE_STAGE:-}" ]; then
  made=$PWD/dist/test
  if [ -z "${LETHE_SOAK:-}" ]; then
    scripts/package.sh dist/test "$NATIVE_VARIANT"
  else
    made=$PWD/dist
    scripts/package.sh
  fi
  export LETHE_STAGE=$made/stage
  export LAMBDA_PACKAGE=$made/lethe-lambda.zip # without it, the tests on AWS's emulators take the program as it is
fi

missing=()
for name in LETHE_SCHEMAS LETHE_CORPUS FUNCHOST FUNCHOST_EXTENSION; do
  [ -n "${!name:-}" ] || missing+=("$name")
done
[ ${#missing[@]} = 0 ] || echo "not set, so the tests that need them skip by name: ${missing[*]}"

# A worker process does one thing after the other, and so do what it reads and writes with, and the tests of templates and scripts,
# which start compilers and shells. The race detector has nothing to find there, makes loops over pixels and letters four times as
# slow, and takes so much address space that the limit on it is off.
module=$(go list -m)
sequential='^'$module'/(infra|scripts/(aws|azure|image|scale|stamp)|shared/(pdf|picture|render|ocr/(barcode|businesscard|derivative|field|gosseract|mrz|reading|table|tesseract|worker/hostiletest|worker/reader)))(/|$)'
[ -z "${LETHE_SOAK:-}" ] || sequential='^$'
packages=$(go list ./...)
mapfile -t raced < <(grep -vE "$sequential" <<<"$packages")
mapfile -t alone < <(grep -E "$sequential" <<<"$packages")

# make lint vets, and nobody debugs these programs: a quarter of the time of building them goes.
# The tests of the whole program start servers and wait for them: they go on beside all others.
program=$module/functions
mapfile -t raced < <(grep -vxF "$program" < <(printf '%s\n' "${raced[@]}"))
work=$(mktemp -d)
trap 'rm -rf "$work"; jobs -p | xargs -r kill 2>/dev/null' EXIT
run=(go test -count=1 -timeout "$timeout" -vet=off -ldflags=-w)
"${run[@]}" -race "$program" >"$work/program" 2>&1 &
whole=$!

status=0
"${run[@]}" -race -p 2 "${raced[@]}" || status=$?
[ ${#alone[@]} = 0 ] || "${run[@]}" -p 2 "${alone[@]}" || status=$?
wait "$whole" || status=$?
cat "$work/program"
exit $status
