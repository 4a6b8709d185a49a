#!/usr/bin/env bash
# Builds the program, in Go alone, and beside it worker programs with everything native.
#   build.sh FOLDER [VARIANT]…   one worker program for each variant of scripts/native.sh; without any, the best one for this machine
# What lies in the folder stays until all is built, so that a server which runs from there always finds a worker program.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/flags.sh
. scripts/flags.sh

folder=${1:?usage: build.sh FOLDER [VARIANT]…}
shift
[ $# -gt 0 ] || set -- ''

mkdir -p "$folder"
new=$(mktemp -d "$folder/.build-XXXXXX") # on the same file system: a rename is one step
trap 'rm -rf "$new"' EXIT
echo "build: $folder/lethe" >&2
CGO_ENABLED=0 go build "${flags[@]}" -ldflags "$link" -o "$new/lethe" ./functions
for variant in "$@"; do
  settings=$(scripts/native.sh ${variant:+"$variant"})
  (
    NATIVE_VARIANT=
    eval "$settings"
    worker=lethe-worker
    if [ -n "$NATIVE_VARIANT" ]; then # all of it is linked in, the C library too
      flags+=(-tags "$tags,netgo,osusergo")
      link+=" -linkmode external -extldflags '-static -Wl,--build-id=none -Wl,--gc-sections'"
      [ "$NATIVE_VARIANT" = portable ] || worker+=-$NATIVE_VARIANT
    fi
    echo "build: $folder/$worker" >&2
    CGO_ENABLED=1 go build "${flags[@]}" -ldflags "$link" -o "$new/$worker" ./functions/worker
  )
done
built=("$new"/*)
mv -f "${built[@]}" "$folder/"
for worker in "$folder"/lethe-worker*; do # of another build
  case " ${built[*]##*/} " in *" ${worker##*/} "*) ;; *) rm -f "$worker" ;; esac
done
