# shellcheck shell=bash
# Functions for lists of what programs are made of. Sourced by scripts that stand in the tree's root and have a folder for temporary files, $work.

# Nothing is asked of the network: the modules of a program that was built lie in Go's cache, and are what go.sum says. Without this
# Go asks the database of checksums, which may not answer, for each of them.
offline() { GOPROXY=off GOSUMDB=off "$@"; }

# modules PROGRAM FILE: lists the Go modules of a program, in the CycloneDX format. The same program has the same list. Without a version
# of the module that it is of, cyclonedx-gomod finds no licences of those that it looks up beside it.
modules() {
  local version
  version=$(TZ=UTC git log -1 --abbrev=12 --date=format-local:%Y%m%d%H%M%S --format=v0.0.0-%cd-%h)
  offline .tools/cyclonedx-gomod bin -json -licenses -assert-licenses -std -version "$version" -output "${work:?}/bill" "$1" 2>"${work:?}/log" ||
    { cat "${work:?}/log" >&2; exit 1; }
  jq 'del(.serialNumber, .metadata.timestamp) | (.components[] | select(.name == "std")).licenses = [{license: {id: "BSD-3-Clause"}}]' "${work:?}/bill" >"$2"
}

# text NAME FILE…: the texts of a component. "=== " begins each, which no licence has at the start of a line.
text() {
  local name=$1 file
  shift
  for file in "$@"; do
    [ ! -f "$file" ] || printf '=== %s: %s\n\n%s\n\n' "$name" "${file##*/}" "$(cat "$file")"
  done
}

# licences LIST: the texts that the licences of Go's library and of the modules of a list ask to pass on.
licences() (
  shopt -s nullglob nocaseglob
  text std "$(go env GOROOT)"/{license,patents}*
  jq -r '.components[] | select(.purl | startswith("pkg:golang/")) | select(.name != "std") | .name + "@" + .version' "$1" |
    offline xargs go list -m -f '{{.Path}} {{.Dir}}' | while read -r name dir; do
    text "$name" "$dir"/{licen[cs]e,copying,notice,patents,copyright}*
  done
)
