#!/usr/bin/env bash
# Lists what a program and the worker programs beside it are made of: Go modules by cyclonedx-gomod, everything native by
# native.cdx.json with the versions that are installed on this machine.
#   sbom.sh PROGRAM TESSDATA FOLDER    writes FOLDER/sbom.cdx.json and FOLDER/licences.txt, the texts that licences ask to pass on
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1 tessdata=$2 folder=$3 pdfium=github.com/klippa-app/go-pdfium
ls "$tessdata"/*.traineddata >/dev/null # a program without languages is no release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source=scripts/bill.sh
. scripts/bill.sh
sha256() { sha256sum "$1" | cut -d' ' -f1; }
modules "$program" "$work/go.json"
for worker in "$(dirname "$program")"/lethe-worker*; do # without one this fails
  if [[ $worker == *.zst ]]; then # what differs from the fast one
    zstd -q -d --long=27 --patch-from="${worker%.zst}-x86-64-v3" "$worker" -o "$work/$(basename "$worker" .zst)"
    worker=$work/$(basename "$worker" .zst)
  fi
  modules "$worker" "$work/worker.json"
  jq --arg name "${worker##*/}" --arg sha256 "$(sha256 "$worker")" '{$name, $sha256, components, dependencies, ref: .metadata.component."bom-ref"}' \
    "$work/worker.json"
done | jq -s . >"$work/workers.json"

module() { go list -m -f "{{.$1}}" "$pdfium"; }
wasm=$(sha256 "$(module Dir)/internal/pdfium_wasm/pdfium.wasm")
for file in "$tessdata"/*.traineddata; do
  language=$(basename "$file" .traineddata)
  jq -n --arg name "tessdata $language" --arg package "tesseract-ocr-${language//_/-}" --arg sha256 "$(sha256 "$file")" \
    '{type: "data", $name, licenses: [{expression: "Apache-2.0"}], hashes: [{alg: "SHA-256", content: $sha256}],
      properties: [{name: "lethe:package", value: $package}]}'
done | jq -s '$native[0] + .' --slurpfile native scripts/native.cdx.json >"$work/native.json"

jq -r '.[] | [.name, (.properties // [] | map(select(.name == "lethe:package").value) | first // "")] | @tsv' "$work/native.json" |
  while IFS=$'\t' read -r name package; do
    case $name in
      tesseract | leptonlib)
        read -r _ _ version sha256 < <(scripts/native.sh sources | grep " $name ")
        version=${version%-*} purl="pkg:generic/$name@$version?checksum=sha256:$sha256"
        ;;
      pdfium) version="of go-pdfium $(module Version)" purl="pkg:generic/pdfium?checksum=sha256:$wasm" ;;
      *)
        read -r source version < <(dpkg-query -W -f '${source:Package} ${source:Version}\n' "$package")
        purl="pkg:deb/debian/$source@$(jq -rn --arg v "$version" '$v | @uri')?arch=source#${name// /-}"
        ;;
    esac
    jq -n --arg name "$name" --arg version "$version" --arg purl "$purl" '{$name, $version, $purl, "bom-ref": $purl, scope: "required"}'
  done >"$work/versions.json"

# Everything native is a part of each worker; the program itself is Go alone.
jq -n --slurpfile go "$work/go.json" --slurpfile workers "$work/workers.json" --slurpfile native "$work/native.json" \
  --slurpfile versions "$work/versions.json" --arg version "$("$program" version)" --arg sha256 "$(sha256 "$program")" '
  ($native[0] | map(. as $n | . + ($versions[] | select(.name == $n.name)) | del(.properties))) as $more
  | ($version | ltrimstr("lethe ")) as $version
  | def made($sha256): {$version, licenses: [{expression: "Apache-2.0"}], hashes: [{alg: "SHA-256", content: $sha256}]};
  $go[0]
  | .metadata.component += {name: "lethe"} + made($sha256)
      + {components: $workers[0] | map({type: "application", name, "bom-ref": .name} + made(.sha256))}
  | .components = ((.components + ($workers[0] | map(.components[])) | unique_by(."bom-ref")) + $more)
  | .metadata.component."bom-ref" as $root
  | .dependencies = ([.dependencies[] | if .ref == $root then .dependsOn += ($workers[0] | map(.name)) else . end]
      + ($workers[0] | map(. as $w | .dependencies[]
          | if .ref == $w.ref then {ref: $w.name, dependsOn: (.dependsOn + ($more | map(.purl)))} else . end))
      | unique_by(.ref))' >"$folder/sbom.cdx.json"

{
  printf 'The licences of what %s is made of, as their texts ask. Lethe itself: Apache-2.0.\n\n' "$("$program" version)"
  licences "$folder/sbom.cdx.json"
  jq -r '.[] | .name as $n | .properties[]? | select(.name == "lethe:package") | [$n, .value] | @tsv' "$work/native.json" |
    while IFS=$'\t' read -r name package; do text "$name" "/usr/share/doc/$package/copyright"; done
} >"$folder/licences.txt"
