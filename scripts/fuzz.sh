#!/usr/bin/env bash
# Fuzzes everything that takes apart documents, for FUZZ (10m) in all, with builds that end at the first access of C or C++ to memory
# that is not theirs: Tesseract, Leptonica and our own code by AddressSanitizer, ours by UndefinedBehaviorSanitizer too. What breaks a
# rule is left in testdata/fuzz of its package, where it is a test from then on, and listed in dist/fuzz. FUZZ_IN narrows it down to
# folders, with commas between them.
set -euo pipefail
cd "$(dirname "$0")/.."

scan=$(mktemp -d)
trap 'rm -rf "$scan"' EXIT
go build -o "$scan/scan" ./scripts/scan

settings=$(scripts/native.sh sanitised)
eval "$settings"
# The engine's class is from a library without this sanitiser, so that nothing is known of what is virtual in it.
undefined='-O1 -g -fno-omit-frame-pointer -fsanitize=undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined'
export CGO_CFLAGS=$undefined CGO_CXXFLAGS=$undefined CGO_LDFLAGS="$CGO_LDFLAGS -fsanitize=undefined"
# What Go's memory alone refers to would count as lost; TestMemoryStaysFlat finds what is.
export ASAN_OPTIONS=detect_leaks=0 OMP_THREAD_LIMIT=1
"$scan/scan" -release -sanitise -only fuzzers -fuzz "${FUZZ:-10m}" -fuzz-in "${FUZZ_IN:-shared/ocr,shared/pdf,shared/picture}" -out dist/fuzz
