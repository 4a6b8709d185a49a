#!/usr/bin/env bash
# Makes the packages for clouds: zips that run where nothing is installed. The same inputs give the same bytes.
#   dist/stage/            what the function app's zip holds
#   dist/lethe.zip         the package for Azure
#   dist/stage-lambda/     what the zip for AWS Lambda holds: the same program, called bootstrap
#   dist/lethe-lambda.zip  the package for AWS
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh package
eval "$(scripts/native.sh x86-64-v3)"

tessdata=${LETHE_TESSDATA:-/usr/share/tesseract-ocr/5/tessdata}
languages="${LETHE_PACKAGE_LANGUAGES:-eng osd} ${LANGUAGES:-}" # LANGUAGES are beside the usual ones
# shellcheck disable=SC2086 # names, one a word
[[ -z ${LANGUAGES:-} ]] || scripts/setup.sh languages $LANGUAGES
version=${VERSION:-$(git describe --always --dirty 2>/dev/null || echo devel)}
stage=dist/stage
lambda=dist/stage-lambda
rm -rf "$stage" "$lambda" dist/lethe.zip dist/lethe-lambda.zip
mkdir -p "$stage/tessdata"

# Everything native is linked in, the C library too: the program needs no file of the system it runs on.
CGO_ENABLED=1 go build -tags netgo,osusergo -trimpath -buildvcs=false \
  -ldflags "-s -w -buildid= -X main.version=$version -linkmode external -extldflags '-static -Wl,--build-id=none -Wl,--gc-sections'" \
  -o "$stage/lethe" ./functions

cp host.json "$stage/"
mkdir "$stage/machine"
cp infra/machine/{lethe.service,lethe.env,nginx.conf} "$stage/machine/"
for f in functions/*/function.json; do
  name=$(basename "$(dirname "$f")")
  mkdir -p "$stage/$name"
  cp "$f" "$stage/$name/"
done
for l in $languages; do
  if ! cp -L "$tessdata/$l.traineddata" "$stage/tessdata/"; then
    echo "there is no language data for $l in $tessdata: name it in LANGUAGES, which installs it, or put the file there" >&2
    exit 1
  fi
done

# A function of Lambda starts often, and can write nothing beside the program: the compilation cache of PDFs comes along. It
# counts for every processor that has SSE4.1, BMI and POPCNT, as Lambda's do; another one compiles for itself.
mkdir -p "$lambda"
cp "$stage/lethe" "$lambda/bootstrap"
cp -r "$stage/tessdata" "$lambda/"
mkdir -m 700 "$lambda/cache"
LETHE_CACHE="$PWD/$lambda/cache" "$stage/lethe" warm

# Names in one order, one date, no owners. A package for Lambda may have 40 MB: its upload, and each cold start, takes time.
pack() { # pack STAGE PROGRAM ZIP
  find "$1" -type d -exec chmod 755 {} +
  find "$1" -type f -exec chmod 644 {} +
  chmod 755 "$1/$2"
  find "$1" -exec touch -d '1980-01-02 00:00:00 UTC' {} +
  (cd "$1" && find . -type f -printf '%P\n' | LC_ALL=C sort | TZ=UTC zip -X -q -9 "../$3" -@)
  local size
  size=$(stat -c %s "dist/$3")
  printf 'dist/%s  %d.%d MB  sha256 %s\n' "$3" $((size / 1000000)) $((size % 1000000 / 100000)) "$(sha256sum "dist/$3" | cut -d' ' -f1)"
}
pack "$stage" lethe lethe.zip
pack "$lambda" bootstrap lethe-lambda.zip
if [[ -z ${LETHE_PACKAGE_LANGUAGES:-}${LANGUAGES:-} ]] && (($(stat -c %s dist/lethe-lambda.zip) > 40000000)); then
  echo "dist/lethe-lambda.zip is larger than 40 MB" >&2
  exit 1
fi
