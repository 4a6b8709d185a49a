#!/usr/bin/env bash
# Checks form: formatting, lint, shell scripts, and that all but the engine compiles for every system,
# tests included.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(git ls-files -z '*.go' | xargs -0 gofmt -l)
if [ -n "$unformatted" ]; then
  printf 'not formatted, run make fmt:\n%s\n' "$unformatted" >&2
  exit 1
fi
go mod tidy -diff
.tools/golangci-lint run ./...
# ./... leaves folders named testdata out, and with them the programs that tests build from there.
git ls-files -z '*/testdata/standin/*.go' '*/testdata/bootstrap/*.go' | xargs -0 -n1 dirname | sort -u | sed 's|^|./|' | xargs go vet
shellcheck scripts/*.sh scripts/*/*.sh infra/*/*.sh .ci/run
go run ./scripts/typecheck linux ./functions # without cgo, of which workers alone are made
go run ./scripts/typecheck darwin,windows ./shared/... ./functions/...
