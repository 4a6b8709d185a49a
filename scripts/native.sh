#!/usr/bin/env bash
# Builds Tesseract as a static library without curl, archive and OpenMP, for the package that runs where nothing is
# installed. Usage: native.sh DIR   (the library, its headers and a stamp land there; nothing happens if they are current)
set -euo pipefail

dest=$(mkdir -p "${1:?usage: native.sh DIR}" && cd "$1" && pwd)
version=5.5.0
sha256=f2fb34ca035b6d087a42875a35a7a5c4155fa9979c6132365b1e5a28ebc3fc11
flags="-O3 -march=x86-64-v3 -DNDEBUG"
stamp="tesseract $version $sha256 $flags"
[ -f "$dest/stamp" ] && [ "$(cat "$dest/stamp")" = "$stamp" ] && exit 0

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
missing=()
for p in zip cmake make g++ dpkg-dev pkg-config libleptonica-dev libpng-dev libjpeg-dev libtiff-dev libgif-dev libwebp-dev \
  libopenjp2-7-dev libzstd-dev liblzma-dev libdeflate-dev libjbig-dev liblerc-dev zlib1g-dev; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Debian's archive serves a newer upstream release than Debian 12 ships. A private list and a private state keep the
# machine's own package sources as they are. The archive lacks a tarball of tests that the source package names, so
# apt-get ends with an error after the one that matters has come: its checksum decides.
mirror=$(awk '$1 == "URIs:" { print $2; exit }' /etc/apt/sources.list.d/*.sources 2>/dev/null || true)
[ -n "$mirror" ] || mirror=$(awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true)
[ -n "$mirror" ] || mirror=https://deb.debian.org/debian
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/src"
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources.list"
apt=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o "Dir::State::Lists=$work/state/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
apt-get "${apt[@]}" -qq update
(cd "$work/src" && apt-get "${apt[@]}" -qq source --download-only --tar-only "tesseract=$version-1" >/dev/null 2>&1) || true
tarball=$work/src/tesseract_$version.orig.tar.gz
echo "$sha256  $tarball" | sha256sum --check --quiet

mkdir "$work/tesseract"
tar xzf "$tarball" -C "$work/tesseract" --strip-components=1
cmake -S "$work/tesseract" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="$flags" \
  -DCMAKE_INSTALL_PREFIX="$dest" -DBUILD_SHARED_LIBS=OFF -DBUILD_TRAINING_TOOLS=OFF -DBUILD_TESTS=OFF \
  -DDISABLE_CURL=ON -DDISABLE_ARCHIVE=ON -DOPENMP_BUILD=OFF -DGRAPHICS_DISABLED=ON -DENABLE_NATIVE=OFF -DINSTALL_CONFIGS=OFF \
  >"$work/cmake.log" 2>&1 || { tail -20 "$work/cmake.log" >&2; exit 1; }
cmake --build "$work/build" --target libtesseract -j "$(nproc)" >"$work/build.log" 2>&1 || { tail -20 "$work/build.log" >&2; exit 1; }
rm -rf "${dest:?}/lib" "${dest:?}/include"
mkdir -p "$dest/lib" "$dest/include/tesseract"
cp "$work/build/libtesseract.a" "$dest/lib/"
cp "$work"/tesseract/include/tesseract/*.h "$work"/build/include/tesseract/*.h "$dest/include/tesseract/"
echo "$stamp" >"$dest/stamp"
