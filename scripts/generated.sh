#!/usr/bin/env bash
# Runs the generators and fails when that changes a file: what is committed must be what they write.
set -euo pipefail
cd "$(dirname "$0")/.."

# The state of the work tree, the content of changed and new files included.
state() {
  git diff HEAD --binary
  git ls-files --others --exclude-standard -z | xargs -0 -r sha256sum
}

if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  echo "generated: not a checkout, nothing to compare with" >&2
  exit 0
fi
before=$(state | sha256sum)
go generate ./...
if [ "$before" != "$(state | sha256sum)" ]; then
  git status --short >&2
  echo "generated: files were out of date and have been written again; commit them" >&2
  exit 1
fi
