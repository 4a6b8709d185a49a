#!/usr/bin/env bash
# Looks for weaknesses in the tree, in what a release is made of and in a server, and writes a dated report into dist/scan/.
#   scan.sh            looks, with a package of this tree as the release
#   scan.sh release    makes the package first; refuses a tree with changes, and a check that could not run
#   URL=…              looks at a running stamp in place of a server of this tree; LETHE_APP and LETHE_SECRET sign in
#   FUZZ=3m            time for all fuzzers together
set -euo pipefail
cd "$(dirname "$0")/.."

flags=(-url "${URL:-}" -fuzz "${FUZZ:-3m}")
version=$(git describe --always --dirty)
if [ "${1:-}" = release ]; then
  if [ -n "$(git status --porcelain)" ]; then
    echo "a release is made of what is committed; these files are not:" >&2
    git status --short >&2
    exit 1
  fi
  scripts/package.sh
  flags+=(-release)
elif [[ $version == *-dirty ]] || [ "$(dist/stage/lethe version 2>/dev/null)" != "lethe $version" ]; then
  scripts/package.sh
fi
go run ./scripts/scan "${flags[@]}"
