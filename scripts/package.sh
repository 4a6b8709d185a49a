#!/usr/bin/env bash
# Makes the function app's package: one zip that runs where nothing is installed. The same inputs give the same bytes.
#   dist/stage/       what the zip holds
#   dist/lethe.zip    the package
set -euo pipefail
cd "$(dirname "$0")/.."

native=$PWD/.tools/native
scripts/native.sh "$native"

tessdata=${LETHE_TESSDATA:-/usr/share/tesseract-ocr/5/tessdata}
languages=${LETHE_PACKAGE_LANGUAGES:-eng osd}
version=${VERSION:-$(git describe --always --dirty 2>/dev/null || echo devel)}
stage=dist/stage
rm -rf dist/stage dist/lethe.zip
mkdir -p "$stage/tessdata"

cc -O2 -c scripts/nojbig.c -o "$native/lib/nojbig.o"

# Everything native is linked in, the C library too: the program needs no file of the system it runs on.
libraries="-ltesseract -llept -lpng -ljpeg -ltiff -lgif -lwebp -lwebpmux -lopenjp2 -lzstd -llzma -ldeflate -lLerc -lz -lm -lstdc++ -lpthread"
CGO_ENABLED=1 CGO_CPPFLAGS="-I$native/include" CGO_LDFLAGS="-L$native/lib" \
  go build -tags netgo,osusergo -trimpath -buildvcs=false \
  -ldflags "-s -w -buildid= -X main.version=$version -linkmode external -extldflags '-static -Wl,--build-id=none -Wl,--start-group $native/lib/nojbig.o $libraries -Wl,--end-group'" \
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
  cp "$tessdata/$l.traineddata" "$stage/tessdata/"
done

# Names in one order, one date, no owners.
find "$stage" -type d -exec chmod 755 {} +
find "$stage" -type f -exec chmod 644 {} +
chmod 755 "$stage/lethe"
find "$stage" -exec touch -d '1980-01-02 00:00:00 UTC' {} +
(cd "$stage" && find . -type f -printf '%P\n' | LC_ALL=C sort | TZ=UTC zip -X -q -9 ../lethe.zip -@)

size=$(stat -c %s dist/lethe.zip)
printf 'dist/lethe.zip  %d.%d MB  sha256 %s\n' $((size / 1000000)) $((size % 1000000 / 100000)) "$(sha256sum dist/lethe.zip | cut -d' ' -f1)"
