#!/usr/bin/env bash
# Makes test data for upgrade_test.go with a given program: a data folder and an Azurite account that hold a document in every
# state. Run it with the program of a release, so that later ones can show that they take its data over:
#
#   git worktree add /tmp/old REVISION && (cd /tmp/old && go build -o lethe ./functions)
#   functions/testdata/upgrade/make.sh /tmp/old/lethe REVISION
#
# It writes folder.tar.gz and account.tar.gz in REVISION beside this script. Each holds living.json: ids by state, the credentials
# that were made for it and are used nowhere else, and the time. Needs jq, poppler-utils, libtiff-tools and Azurite.
set -euo pipefail
program=$(realpath "$1")
to=$(realpath "$(dirname "$0")")/$2
root=$(cd "$(dirname "$0")/../../.." && pwd)
mkdir -p "$to"
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"

# Two-colour pictures: a page has 20 KB.
(cd "$root" && go run ./scripts/sample -clean -pages 6 -o "$work/long.pdf" -words "$work/words.txt")
pdftoppm -r 200 -mono -tiff -tiffcompression none long.pdf page
tiffcp -c g4 page-*1.tif page.tiff
tiffcp -c g4 page-*.tif long.tiff
pdftoppm -r 200 -mono -tiff -tiffcompression none -l 1 -x 150 -y 150 -W 1400 -H 300 long.pdf strip
tiffcp -c g4 strip-*.tif strip.tiff
echo "no document" >note.txt

export LETHE_CACHE=${LETHE_CACHE:-$root/.tools/cache} LETHE_WORKERS=1
unset LETHE_SIGNING_KEY
declare -A ids

ready() { # URL, CURL ARGUMENTS
  for _ in $(seq 300); do curl -s "${@:2}" "$1" >/dev/null && return; sleep 0.2; done
  echo "the program is not ready" >&2
  exit 1
}
post() { curl "${auth[@]}" -H 'Content-Type: application/json' "$@" "$url/v1/tasks"; } # CURL ARGUMENTS
submit() {                                                                            # STATE, CURL ARGUMENTS: makes a task
  task=$(post "${@:2}")
  ids[$1]=$(jq -r .id <<<"$task")
}
put() { # FILE: uploads it to the task made last
  curl -sf -o /dev/null -X PUT -H 'x-ms-blob-type: BlockBlob' --data-binary "@$1" "$(jq -r .upload.url <<<"$task")"
}
state() { curl "${auth[@]}" "$url/v1/tasks/${ids[$1]}" | jq -r .state; } # NAME
await() {                                                                 # NAME, STATE
  for _ in $(seq 240); do [ "$(state "$1")" = "$2" ] && return; sleep 0.25; done
  echo "$1 is $(state "$1"), not $2" >&2
  exit 1
}
living() { # FILE, JSON of what else belongs into it
  for name in "${!ids[@]}"; do jq -n --arg n "$name" --arg id "${ids[$name]}" '{($n): $id}'; done | jq -s --argjson more "$2" \
    --rawfile words words.txt '{ids: add, at: (now | todate), words: ($words | split("\n") | map(select(. != "")))} + $more' >"$1"
}

folder() {
  local port=18431 app pid
  url=http://127.0.0.1:$port ids=()
  mkdir -p folder
  "$program" serve --data folder/data --listen 127.0.0.1:$port >/dev/null 2>&1 &
  pid=$!
  ready $url/healthz -f
  app=$("$program" app create --data folder/data --name scanner --json)
  auth=(-s -u "$(jq -r '.id + ":" + .secret' <<<"$app")")

  submit completed -d '{"formats":["txt","pdf","json"]}'; put page.tiff; await completed Completed
  submit short -d '{"formats":["txt"],"retain_seconds":3600}'; put page.tiff; await short Completed
  submit fetch -d '{"formats":["txt"],"delete_on_fetch":true}'; put page.tiff; await fetch Completed
  submit failed -d '{}'; put note.txt; await failed ProcessingFailed
  submit deleted -d '{"formats":["txt"]}'; put page.tiff; await deleted Completed
  curl "${auth[@]}" -o /dev/null -X DELETE "$url/v1/tasks/${ids[deleted]}"
  sleep 7 # the ledger takes all of that in
  submit submitted -H 'Idempotency-Key: once' -d '{"formats":["txt"],"password":"Fjord-4711-Kestrel","subject":"person-17"}'
  submit working -d '{"formats":["txt","pdf"]}'; put long.tiff; await working InProgress
  for _ in $(seq 200); do [ "$(find folder/data/blobs -path '*/work/*' -type f | wc -l)" -ge 2 ] && break; sleep 0.1; done
  for n in $(seq 8); do submit "waiting$n" -d '{"formats":["txt"]}'; put strip.tiff; done # as many as are worked on at once
  submit queued -d '{"formats":["txt"]}'; put strip.tiff; await queued Queued
  kill -9 "$pid"
  wait "$pid" 2>/dev/null || true
  orphan=folder/data/blobs/uploads/2026010100/nobody/knows
  mkdir -p $orphan && printf orphan >$orphan/1,6170706c69636174696f6e2f6f637465742d73747265616d
  rm -f folder/data/lethe.db-shm
  living folder/living.json "$app"
  tar -czf "$to/folder.tar.gz" --owner=0 --group=0 --numeric-owner -C folder .
}

account() {
  local blob=18501 queue=18502 table=18503 port key secret app=00000000-0000-4000-8000-000000000001 pid emulator
  ids=()
  mkdir -p account/azurite
  key=$(openssl rand -base64 32) secret=lethe_$(openssl rand -hex 24)
  AZURITE_ACCOUNTS="lethe:$key" node "$root/.tools/azurite/node_modules/azurite/dist/src/azurite.js" --skipApiVersionCheck \
    --disableTelemetry --silent --location account/azurite --blobPort $blob --queuePort $queue --tablePort $table >/dev/null 2>&1 &
  emulator=$!
  for port in $blob $queue $table; do ready "http://127.0.0.1:$port/"; done
  port=18504 url=http://127.0.0.1:18504
  local at=http://127.0.0.1
  export Documents="DefaultEndpointsProtocol=http;AccountName=lethe;AccountKey=$key;BlobEndpoint=$at:$blob/lethe;QueueEndpoint=$at:$queue/lethe;TableEndpoint=$at:$table/lethe"
  export FUNCTIONS_CUSTOMHANDLER_PORT=$port LETHE_REGION=local LETHE_BOOTSTRAP_APP=$app
  LETHE_BOOTSTRAP_HASH=$(printf %s "$secret" | sha256sum | cut -d' ' -f1)
  "$program" keygen upgrade.test signing >/dev/null
  LETHE_SIGNING_KEY=$(cat signing)
  export LETHE_BOOTSTRAP_HASH LETHE_SIGNING_KEY
  "$program" functions >/dev/null 2>&1 &
  pid=$!
  ready $url/readyz -f
  auth=(-s -u "$app:$secret" -H 'X-Forwarded-For: 127.0.0.1')
  call() { curl -s -o /dev/null -X POST -H 'Content-Type: application/json' -d "$2" "$url/$1"; } # FUNCTION, BODY
  landed() { # delivers the event of the upload made last
    local name
    name=$(jq -r '.upload.url | capture("/uploads/(?<name>[^?]*)").name' <<<"$task")
    name=${name//%2F/\/}
    call ocr "$(jq -n --arg n "$name" --arg u "$at:$blob/lethe/uploads/$name" '{Data: {blob: {}}, Metadata: {name: ($n | tojson), Uri: ($u | tojson)}}')"
  }
  tick() { call retention '{"Data":{"timer":"{}"},"Metadata":{}}'; }

  submit completed -d '{"formats":["txt","pdf"]}'; put page.tiff; landed; await completed Completed
  submit failed -d '{"formats":["txt"]}'; put note.txt; landed; await failed ProcessingFailed
  submit deleted -d '{"formats":["txt"]}'; put page.tiff; landed; await deleted Completed
  curl "${auth[@]}" -o /dev/null -X DELETE "$url/v1/tasks/${ids[deleted]}"
  tick; tick
  submit submitted -H 'Idempotency-Key: once' -d '{"formats":["txt"],"password":"Fjord-4711-Kestrel","subject":"person-17"}'
  submit landed -d '{"formats":["txt"]}'; put page.tiff # its event is lost
  submit working -d '{"formats":["txt","pdf"]}'; put long.tiff
  landed &
  await working InProgress
  sleep 2
  kill -9 "$pid"
  sleep 8 # the emulator writes its files
  kill "$emulator"
  wait "$emulator" 2>/dev/null || true
  sed -i "s|$work/account/||g" account/azurite/*.json
  living account/living.json "$(jq -n --arg id $app --arg secret "$secret" --arg key "$key" --arg signing "$LETHE_SIGNING_KEY" \
    '{id: $id, secret: $secret, key: $key, signing: $signing}')"
  tar -czf "$to/account.tar.gz" --owner=0 --group=0 --numeric-owner -C account .
}

folder
account
