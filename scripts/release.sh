#!/usr/bin/env bash
# Builds the command line for people's own machines: an archive for each system with the licences of what is in it, a list of that
# beside it (CycloneDX), and the checksums of everything that a release hands out. The same commit gives the same bytes.
#   release.sh [FOLDER [SYSTEM/PROCESSOR]…]   into dist/release, with the packages of dist, for every system, unless told otherwise
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/bill.sh
. scripts/bill.sh
# shellcheck source=scripts/flags.sh
. scripts/flags.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

folder=${1:-dist/release}
rm -rf "$folder"
mkdir -p "$folder"
if [ $# = 0 ]; then
  ln dist/{lethe.zip,lethe-lambda.zip,lethe-image.tar,sbom.cdx.json,licences.txt} "$folder/"
else
  shift
fi
[ $# -gt 0 ] || set -- linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64

for system in "$@"; do
  name=lethe-$version-${system/\//-} program=lethe
  [ "${system%/*}" != windows ] || program=lethe.exe
  echo "build: $name" >&2
  mkdir "$work/$name"
  CGO_ENABLED=0 GOOS=${system%/*} GOARCH=${system#*/} go build "${flags[@]}" -ldflags "$link" -o "$work/$name/$program" ./functions
  modules "$work/$name/$program" "$work/list"
  jq --arg version "$version" --arg sha256 "$(sha256sum "$work/$name/$program" | cut -d' ' -f1)" \
    '.metadata.component += {name: "lethe", $version, licenses: [{expression: "Apache-2.0"}], hashes: [{alg: "SHA-256", content: $sha256}]}' \
    "$work/list" >"$folder/$name.cdx.json"
  cp LICENSE "$work/$name/"
  licences "$folder/$name.cdx.json" >"$work/$name/licences.txt"

  # Names in one order, one date, no owners.
  chmod 755 "$work/$name" "$work/$name/$program"
  chmod 644 "$work/$name/"{LICENSE,licences.txt}
  find "$work/$name" -exec touch -d '1980-01-02 00:00:00 UTC' {} +
  if [ $program = lethe.exe ]; then
    (cd "$work" && TZ=UTC zip -X -q -9 "$name.zip" "$name/LICENSE" "$name/$program" "$name/licences.txt")
    mv "$work/$name.zip" "$folder/"
  else
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner -c "$name" | gzip -n -9 >"$folder/$name.tar.gz"
  fi
done
(cd "$folder" && LC_ALL=C sha256sum -- * >"$work/sums")
mv "$work/sums" "$folder/SHA256SUMS"
cat "$folder/SHA256SUMS"
