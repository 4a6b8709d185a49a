#!/usr/bin/env bash
# Builds the native libraries of recognition as static ones, from pinned sources, and prints the settings by which cgo finds them:
#
#   eval "$(scripts/native.sh)"             for the processor of this machine
#   eval "$(scripts/native.sh x86-64-v3)"   for processors with AVX2, FMA and BMI (Intel since 2013, AMD since 2015)
#   eval "$(scripts/native.sh portable)"    for every processor of this architecture
#   eval "$(scripts/native.sh sanitised)"   for the fuzzers, which see every access outside of what was allocated
#   eval "$(scripts/native.sh built)"       the first if it was built before; else nothing, so that Debian's libraries are taken
#   scripts/native.sh sources               lists what they are built from, and builds nothing
#
# What is built stays in NATIVE_CACHE (.tools/native) under a name made of its sources and options. Without these settings Go takes
# Debian's libraries, which read the same text in 1.7 times the processor time.
set -euo pipefail
cd "$(dirname "$0")/.."

# suite, source package, version, SHA-256 of the upstream tarball
sources="trixie leptonlib 1.84.1-4 2b3e1254b1cca381e77c819b59ca99774ff43530209b9aeb511e1d46588a64f6
trixie tesseract 5.5.0-1 f2fb34ca035b6d087a42875a35a7a5c4155fa9979c6132365b1e5a28ebc3fc11"
if [ "${1:-}" = sources ]; then
  echo "$sources"
  exit
fi

variant=${1:-} built=
if [ "$variant" = built ]; then
  variant='' built=only
fi
if [ -z "$variant" ]; then
  variant=portable
  # As the program decides which worker to start: some kernels do not list what every processor with these has.
  needed='avx2 bmi1 bmi2 fma'
  have=$(grep -m1 '^flags' /proc/cpuinfo || true)
  missing=
  for f in $needed; do [[ " $have " == *" $f "* ]] || missing=$f; done
  [ -n "$missing" ] || variant=x86-64-v3
fi

# Nothing looks at the flags that computing with floating-point numbers may raise, for whose sake compilers leave loops with a condition
# as they are. No result depends on it.
vectors="-fno-trapping-math -fno-math-errno"
# Both variants round alike: a processor with FMA would otherwise round products and sums once where others round twice, and now and
# then read another letter.
optimise="-O3 -DNDEBUG -ffp-contract=off $vectors -ffunction-sections -fdata-sections"
case $variant in
  x86-64-v3) optimise+=" -march=x86-64-v3" ;;
  portable) ;;
  sanitised) optimise="-O1 -g1 -fno-omit-frame-pointer -fsanitize=address -ffunction-sections -fdata-sections" ;;
  *)
    echo "native: unknown variant $variant; the variants are x86-64-v3, portable and sanitised" >&2
    exit 2
    ;;
esac

cache=$(mkdir -p "${NATIVE_CACHE:-.tools/native}" && cd "${NATIVE_CACHE:-.tools/native}" && pwd -P)
work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
exec 9>"$cache/lock"
flock 9 # of several checkouts one builds

# download SUITE SOURCE VERSION SHA256: brings the upstream tarball of a source package to $work/src. Debian's archive serves newer
# releases than Debian 12 ships. A private list and a private state keep the machine's own package sources as they are. The archive
# lacks tarballs of tests that some source packages name, so that apt-get ends with an error after the one that matters has come: its
# checksum decides.
download() {
  local mirror tarball=$work/src/$2_${3%-*}.orig.tar.gz
  mirror=$(awk '$1 == "URIs:" { print $2; exit }' /etc/apt/sources.list.d/*.sources 2>/dev/null || true)
  [ -n "$mirror" ] || mirror=$(awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true)
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/src"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-https://deb.debian.org/debian} $1 main" >"$work/sources.list"
  local apt=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$work/state/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
  apt-get "${apt[@]}" -qq -o Acquire::Retries=3 update >&2
  (cd "$work/src" && apt-get "${apt[@]}" -qq -o Acquire::Retries=3 source --download-only --tar-only "$2=$3") >"$work/log" 2>&1 || true
  if ! echo "$4  $tarball" | sha256sum --check --quiet >&2; then
    cat "$work/log" >&2
    exit 1
  fi
}

# component SOURCE TARGET OPTION…: builds a library unless it is there, with the changes of scripts/SOURCE.patch, which
# scripts/SOURCE.cc checks. $folder is where its lib and include are.
component() {
  local suite source=$1 version sha256 target=$2 changes=/dev/null
  [ ! -f "scripts/$source.patch" ] || changes=scripts/$source.patch
  read -r suite source version sha256 < <(grep " $source " <<<"$sources")
  shift 2
  local all=(-DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DCMAKE_C_FLAGS_RELEASE="$optimise" -DCMAKE_CXX_FLAGS_RELEASE="$optimise" "$@")
  folder=$cache/$source-$version-$variant-$({ printf '%s\n' "$sha256" "$target" "${all[@]#"-DLeptonica_DIR=$cache/"}"; cat "$changes"; } | sha256sum | cut -c1-12)
  [ ! -d "$folder" ] || return 0
  if [ -n "$built" ]; then
    echo "native: taking Debian's libraries, which are slower; make build builds others (minutes, once)" >&2
    exit 0
  fi
  scripts/setup.sh native
  echo "native: building $source $version for $variant (minutes, once)" >&2
  work=$(mktemp -d)
  download "$suite" "$source" "$version" "$sha256"
  mkdir "$work/source"
  tar xzf "$work"/src/*.orig.tar.gz -C "$work/source" --strip-components=1
  patch -d "$work/source" -p1 --forward --fuzz=0 --quiet <"$changes"
  if ! { cmake -S "$work/source" -B "$work/build" -DCMAKE_INSTALL_PREFIX="$folder" -DCMAKE_INSTALL_LIBDIR=lib "${all[@]}" &&
    cmake --build "$work/build" --target "$target" -j "$(nproc)" &&
    DESTDIR="$work/installed" cmake --install "$work/build"; } >"$work/log" 2>&1; then
    tail -n 40 "$work/log" >&2
    exit 1
  fi
  if [ -f "scripts/$source.cc" ]; then # what a patch must not change
    # shellcheck disable=SC2086 # options, one a word
    ${CXX:-c++} -std=c++17 $optimise -DFAST_FLOAT -I"$work/source/src/ccutil" -I"$work/source/src/lstm" "scripts/$source.cc" \
      "$work/source/src/lstm/functions.cpp" -o "$work/check" >&2
    "$work/check"
  fi
  mv "$work/installed$folder" "$folder"
  rm -rf "$work"
  work=
}

component leptonlib leptonica -DSW_BUILD=OFF
leptonica=$folder
# A picture of each line is otherwise kept as PNG: compressed, and unpacked again.
optimise+=" -DTESSERACT_IMAGEDATA_AS_PIX"
component tesseract all -DSW_BUILD=OFF \
  -DLeptonica_DIR="$leptonica/lib/cmake/leptonica" -DBUILD_TRAINING_TOOLS=OFF -DBUILD_TESTS=OFF -DINSTALL_CONFIGS=OFF \
  -DDISABLE_CURL=ON -DDISABLE_ARCHIVE=ON -DDISABLE_TIFF=ON -DOPENMP_BUILD=OFF -DGRAPHICS_DISABLED=ON -DENABLE_NATIVE=OFF
tesseract=$folder

# Whichever of the libraries cgo asks for first, the linker gets all of them, and what they need of Debian's: the names that cgo
# uses are scripts for the linker.
needs=(png jpeg tiff gif webp webpmux openjp2 zstd lzma deflate Lerc z) # scripts/native.cdx.json lists them
libraries="$tesseract/lib/libtesseract.a $leptonica/lib/libleptonica.a libnojbig.a"
for l in "${needs[@]}"; do
  file=$(${CC:-cc} -print-file-name="lib$l.a")
  if [[ $file != /* ]]; then
    scripts/setup.sh native
    file=$(${CC:-cc} -print-file-name="lib$l.a")
  fi
  libraries+=" $file"
done
libraries+=" -lstdc++ -lm"
link=$cache/link-$(sha256sum - scripts/nojbig.c <<<"$libraries" | sha256sum | cut -c1-12)
if [ ! -d "$link" ]; then
  work=$(mktemp -d "$cache/link.XXXXXX")
  chmod 755 "$work"
  ${CC:-cc} -O2 -c scripts/nojbig.c -o "$work/nojbig.o"
  ar -rcD "$work/libnojbig.a" "$work/nojbig.o"
  for name in tesseract leptonica tiff jpeg; do
    printf 'GROUP ( %s )\n' "${libraries/libnojbig.a/$link/libnojbig.a}" >"$work/lib$name.a"
  done
  mv "$work" "$link"
  work=
fi

# The name of the folder of libraries is part of the flags, so that Go builds anew what links others.
printf 'NATIVE_VARIANT=%s; export CGO_CPPFLAGS="-I%s/include -I%s/include%s" CGO_LDFLAGS="-L%s%s"\n' "$variant" \
  "$tesseract" "$leptonica" "${CGO_CPPFLAGS:+ $CGO_CPPFLAGS}" "$link" "${CGO_LDFLAGS:+ $CGO_LDFLAGS}"
