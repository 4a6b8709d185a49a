#!/usr/bin/env bash
# Makes the packages for clouds: zips that run where nothing is installed. The same inputs give the same bytes.
#   package.sh [FOLDER [VARIANT]…]   into dist, with the worker programs of both variants, unless told otherwise: what is deployed
#                                    needs both, a test only the one that its machine takes
#
#   dist/stage/            what the function app's zip holds
#   dist/lethe.zip         the package for Azure
#   dist/cache/            the compilation cache of PDFs, which images hold
#   dist/stage-lambda/     what the zip for AWS Lambda holds: the same program, called bootstrap, and that cache packed
#   dist/lethe-lambda.zip  the package for AWS
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh package

dist=${1:-dist}
[ $# = 0 ] || shift
whole=
[ $# -gt 0 ] || { set -- x86-64-v3 portable; whole=1; }
tessdata=${LETHE_TESSDATA:-/usr/share/tesseract-ocr/5/tessdata}
# LETHE_PACKAGE_LANGUAGES replaces the usual languages, LANGUAGES are beside them.
languages="${LETHE_PACKAGE_LANGUAGES:-osd eng deu fra spa ita por nld pol rus} ${LANGUAGES:-}"
# shellcheck disable=SC2086 # names, one a word
[[ -n ${LETHE_TESSDATA:-} ]] || scripts/setup.sh languages $languages
stage=$dist/stage
cache=$dist/cache
lambda=$dist/stage-lambda
rm -rf "$stage" "$cache" "$lambda" "$dist/lethe.zip" "$dist/lethe-lambda.zip"
mkdir -p "$stage/tessdata"

# The programs need no file of the system they run on. One worker is fast, the other runs on every processor.
scripts/build.sh "$stage" "$@"
# They share all but the code of recognition, so that of the second what differs is kept: 1 MB of 12. The program unpacks it into memory
# where a processor needs it.
fast=$stage/lethe-worker-x86-64-v3
if [ -f "$fast" ] && [ -f "$stage/lethe-worker" ]; then
  zstd -q --ultra -22 --long=27 --patch-from="$fast" "$stage/lethe-worker" -o "$stage/lethe-worker.zst" 2>"$stage/log" || { cat "$stage/log" >&2; exit 1; }
  rm "$stage/lethe-worker" "$stage/log"
fi

cp host.json "$stage/"
mkdir "$stage/machine"
cp infra/machine/{lethe.service,lethe.env,nginx.conf} "$stage/machine/"
for f in functions/*/function.json; do
  name=$(basename "$(dirname "$f")")
  mkdir -p "$stage/$name"
  cp "$f" "$stage/$name/"
done
files=()
for l in $languages; do
  files+=("$tessdata/$l.traineddata")
  if [ ! -f "${files[-1]}" ]; then
    echo "there is no language data for $l in $tessdata: name it in LANGUAGES, which installs it, or put the file there" >&2
    exit 1
  fi
done
go run ./scripts/languages "$stage/tessdata" "${files[@]}"

# A function of Lambda starts often, and to compile takes seconds: the compilation cache of PDFs comes along. It counts for every
# processor that has SSE4.1, BMI and POPCNT, as Lambda's do; another one compiles for itself. The program unpacks it at its start.
mkdir -p "$lambda"
cp "$stage/lethe" "$lambda/bootstrap"
worker=$fast # every processor of Lambda's runs it
[ -f "$worker" ] || worker=$stage/lethe-worker
cp "$worker" "$lambda/"
cp -r "$stage/tessdata" "$lambda/"
mkdir -m 700 "$cache"
LETHE_CACHE="$PWD/$cache" "$stage/lethe" warm
cp -r "$cache" "$lambda/packed-cache"
find "$lambda/packed-cache" -type f -exec zstd -q -19 --rm {} +

# Names in one order, one date, no owners. advzip packs smaller than zip itself, by 4 %, in the format that everything unpacks. A package
# that grows takes longer to upload and to start. Lambda gets it from S3, where it takes 250 MiB unpacked.
pack() { # pack STAGE PROGRAM ZIP
  find "$1" -type d -exec chmod 755 {} +
  find "$1" -type f -exec chmod 644 {} +
  chmod 755 "$1/$2" "$1"/lethe-worker*
  find "$1" -exec touch -d '1980-01-02 00:00:00 UTC' {} +
  (cd "$1" && find . -type f -printf '%P\n' | LC_ALL=C sort | TZ=UTC zip -X -q -0 "../$3" -@)
  advzip --recompress --shrink-normal --quiet "$dist/$3"
  local size
  size=$(stat -c %s "$dist/$3")
  printf '%s/%s  %d.%d MB  sha256 %s\n' "$dist" "$3" $((size / 1000000)) $((size % 1000000 / 100000)) "$(sha256sum "$dist/$3" | cut -d' ' -f1)"
}
pack "$stage" lethe lethe.zip
pack "$lambda" bootstrap lethe-lambda.zip
# A package that grows is told here, also before tests: one with a single worker program is smaller.
if [[ -z ${LETHE_PACKAGE_LANGUAGES:-}${LANGUAGES:-} ]]; then
  for limit in lethe.zip:36 lethe-lambda.zip:38; do
    if (($(stat -c %s "$dist/${limit%:*}") > ${limit#*:} << 20)); then
      echo "$dist/${limit%:*} is larger than ${limit#*:} MiB" >&2
      exit 1
    fi
  done
fi
alone=$(mktemp -d)
trap 'rm -rf "$alone"' EXIT

# The program for Lambda unpacks the cache that was packed.
mkdir -m 700 "$alone/cache"
LETHE_CACHE="$alone/cache" "$lambda/bootstrap" warm
diff -r "$cache" "$alone/cache"
[ -n "$whole" ] || exit 0

# Both worker programs read the same text. The program takes the second one where it is told that there is no AVX2.
go run ./scripts/sample -o "$alone/page.png"
for avx2 in on off; do
  GODEBUG=cpu.avx2=$avx2 LETHE_TESSDATA="$PWD/$stage/tessdata" "$stage/lethe" read "$alone/page.png" >"$alone/$avx2.txt"
  if [ ! -s "$alone/$avx2.txt" ] || ! cmp "$alone/on.txt" "$alone/$avx2.txt"; then
    echo "with AVX2 $avx2 the page is not read, or not as with it on" >&2
    exit 1
  fi
done
