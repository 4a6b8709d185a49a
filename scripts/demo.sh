#!/usr/bin/env bash
# The main job on one machine, in plain words: put a scanned document in, get its text back, see it vanish.
#   FILE=path     your own document instead of the sample
#   DEMO_ONLY=1   stop the server at the end
set -euo pipefail
cd "$(dirname "$0")/.."

lethe=${LETHE_BIN:-bin/lethe}
data=${LETHE_DATA:-.data}
listen=${LETHE_LISTEN:-127.0.0.1:8080}
url=http://$listen
tmp=$(mktemp -d)
log=$tmp/server.log
server=
failed=
export LETHE_DATA=$data LETHE_LISTEN=$listen

say() { printf '\n%s\n' "$*"; }
fail() {
  printf '\nThe demo failed: %s\n' "$*" >&2
  [ ! -s "$tmp/server.err" ] || tail -5 "$tmp/server.err" >&2
  if [ -s "$log" ]; then
    failed=1
    echo "The server's log is $log." >&2
  fi
  exit 1
}
end() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  # Only the log outlives a failure: the rest holds text and secrets.
  find "$tmp" -type f ! -path "${failed:+$log}" -delete
  [ -n "$failed" ] || rmdir "$tmp"
}
trap end EXIT
trap 'exit 130' INT TERM

# call METHOD PATH [CURL ARGUMENTS]: prints the answer's body; its status is in $tmp/status.
call() {
  local method=$1 path=$2
  shift 2
  curl -sS -X "$method" -u "$app:$secret" -o "$tmp/body" -w '%{http_code}' "$@" "$url$path" >"$tmp/status" || fail "no answer from $url$path"
  cat "$tmp/body"
}
status() { cat "$tmp/status"; }
# deadline [ELSE]: the task's, to the second.
deadline() { jq -r --arg otherwise "${1:-}" '.delete_after // $otherwise | sub("\\.[0-9]+"; "")' "$tmp/task"; }

# The server would start, and take nothing in.
if [ "${LETHE_SANDBOX:-required}" = required ] && ! "$lethe" doctor --sandbox >"$tmp/sandbox" 2>&1; then
  cat "$tmp/sandbox" >&2
  fail "this machine cannot confine what reads documents, so that none would be taken in; the remedy is above"
fi

if [ -n "${FILE:-}" ]; then
  [ ! -d "$FILE" ] || fail "$FILE is a folder: name one document"
  [ -r "$FILE" ] || fail "$FILE cannot be read"
  document=$FILE
  : >"$tmp/words"
else
  document=$tmp/sample.pdf
  go run ./scripts/sample -o "$document" -words "$tmp/words"
fi

say "1. Starting a server on $url with its storage in the folder $data."
echo "   Its log is $log until it ends."
"$lethe" serve >"$log" 2>"$tmp/server.err" &
server=$!
alive() { kill -0 "$server" 2>/dev/null || fail "the server on $listen ended. If another program has that port, set LETHE_LISTEN=127.0.0.1:PORT to a free one. It said:"; }
# Whatever answers is the server that was started only once that one says that it listens.
for _ in $(seq 600); do
  alive
  ! grep -qa '"event":"server.ready"' "$log" || ! curl -fsS -o /dev/null "$url/readyz" 2>/dev/null || break
  sleep 0.1
done
alive
curl -fsS -o /dev/null "$url/readyz" || fail "the server did not become ready"
cat "$tmp/server.err"
grep -ao '"sandbox":"[^"]*"' "$log" | head -1 | sed 's/"sandbox":"\(.*\)"/   Worker processes: \1/' || true

"$lethe" app create --name demo --json >"$tmp/app"
app=$(jq -r .id "$tmp/app")
secret=$(jq -r .secret "$tmp/app")

# Words that the service itself writes into its records and its ledger are learnt from a blank picture (32 by 32 dots, BMP),
# so that a document which happens to use them is not taken for left behind.
{
  printf 'BM\276\0\0\0\0\0\0\0\76\0\0\0\50\0\0\0\40\0\0\0\40\0\0\0\1\0\1\0\0\0\0\0\200\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0'
  printf '\0\0\0\0\377\377\377\0'
  head -c 128 /dev/zero | tr '\0' '\377'
} >"$tmp/blank.bmp"
call POST '/v1/tasks?formats=txt,pdf,json' -H 'Content-Type: image/bmp' --data-binary "@$tmp/blank.bmp" >"$tmp/task"
blank=$(jq -r .id "$tmp/task")
call GET "/v1/tasks/$blank" -H 'Prefer: wait=30' >"$tmp/task"
[ "$(jq -r .state "$tmp/task")" = Completed ] || fail "the blank picture was not read: $(cat "$tmp/task")"
call DELETE "/v1/tasks/$blank" >"$tmp/task"
for _ in $(seq 60); do # until the ledger has taken its entries in
  call GET "/v1/tasks/$blank/receipt" >"$tmp/receipt"
  ! grep -q '^not yet logged' "$tmp/receipt" || { sleep 0.5 && continue; }
  break
done
find "$data" -ignore_readdir_race -type f ! -path '*/blobs/uploads/*' ! -path '*/blobs/work/*' ! -path '*/blobs/results/*' -print0 |
  { xargs -0r grep -hoasE '[A-Za-z]{8,}' || true; } | sort -u >"$tmp/own"

# A file that is as it was before the document came holds nothing of it. It may hold the same bytes: of another task, which is
# alive, and whose document or preview is alike.
files() { find "$data" -ignore_readdir_race -type f -printf '%i %s %T@ %C@ %p\n' | LC_ALL=C sort; }
files >"$tmp/before"

say "2. Creating a task. The answer holds a signed link that takes one document for a quarter of an hour."
call POST /v1/tasks -H 'Content-Type: application/json' -d '{"languages":["eng"],"formats":["txt","pdf","json"]}' >"$tmp/task"
[ "$(status)" = 201 ] || fail "creating a task was answered $(status): $(cat "$tmp/task")"
id=$(jq -r .id "$tmp/task")
echo "   Task $id; nothing of it outlives $(deadline "48 hours after the upload")."

say "3. Sending $(basename "$document") ($(stat -c %s "$document") bytes) to the link."
began=$(date +%s%N)
headers=()
while IFS= read -r h; do headers+=(-H "$h"); done < <(jq -r '.upload.headers // {} | to_entries[] | "\(.key): \(.value)"' "$tmp/task")
code=$(curl -sS -X PUT ${headers[@]+"${headers[@]}"} --data-binary "@$document" -o "$tmp/body" -w '%{http_code}' "$(jq -r .upload.url "$tmp/task")")
[ "$code" = 201 ] || fail "the upload was answered $code: $(cat "$tmp/body")"

say "4. Waiting until it is recognised."
state=
for _ in $(seq 600); do
  call GET "/v1/tasks/$id" -H 'Prefer: wait=10' >"$tmp/task"
  state=$(jq -r .state "$tmp/task")
  case $state in Completed | ProcessingFailed) break ;; esac
done
[ "$state" = Completed ] || fail "the task is $state: $(jq -r '.failure // empty | "\(.code): \(.detail)"' "$tmp/task")"
echo "   $(jq -r .pages.total "$tmp/task") pages in $((($(date +%s%N) - began) / 1000000)) ms. It is gone by $(deadline) at the latest."

say "5. Fetching the text. It begins:"
call GET "/v1/tasks/$id/results/txt" -L >"$tmp/text"
[ "$(status)" = 200 ] || fail "the result was answered $(status)"
head -6 "$tmp/text" | sed 's/^/   | /'
if [ -s "$tmp/words" ]; then
  found=$(grep -cFf <(tr -cs 'A-Za-z' '\n' <"$tmp/text" | sort -u | awk 'length >= 7') "$tmp/words" || true)
  all=$(wc -l <"$tmp/words")
  echo "   $found of $all long words of the sample were read."
  [ $((found * 100)) -ge $((all * 95)) ] || fail "fewer than 95 of 100 words were read"
fi

# What to search for: long words of the text, and runs of bytes from all over the document. grep works by line, so that a
# run with a line feed in it could never be found and is left out. So are words within those that the service writes itself.
tr -cs 'A-Za-z' '\n' <"$tmp/text" | awk 'length >= 8' | sort -u |
  awk -v own="$tmp/own" 'BEGIN { while ((getline word < own) > 0) all = all "\n" word } !index(all, $0)' | head -400 >"$tmp/needles"
size=$(stat -c %s "$document")
runs=()
for i in $(seq 1 40); do
  run=$(od -An -v -tx1 -w32 -j $((size * i / 42)) -N 32 "$document" | sed 's/ /\\x/g')
  case $run in *'\x0a'*) ;; *) runs+=("$run") ;; esac
done

# changed: lists the files of the folder that are new since the document came, or have changed.
changed() { files | LC_ALL=C comm -13 "$tmp/before" - | cut -d ' ' -f 5-; }

# search WHAT: prints the files, of those that are listed on standard input, that hold a needle or a run.
search() {
  case $1 in
    words) [ ! -s "$tmp/needles" ] || xargs -d '\n' -r grep -lasFf "$tmp/needles" || true ;;
    bytes) [ ${#runs[@]} = 0 ] || LC_ALL=C xargs -d '\n' -r grep -lasP "$(IFS='|'; echo "${runs[*]}")" || true ;;
  esac
}

say "6. Searching every byte of $data for the text, to see that the search finds what is there."
# The upload itself may be erased by now: the search for its bytes is tried on the document.
[ -n "$(search bytes <<<"$document")" ] || fail "the search for bytes does not find those of the document"
count=$(changed | search words | wc -l)
[ "$count" -gt 0 ] || [ ! -s "$tmp/needles" ] || fail "the search for words does not find those of the text"
echo "   Files that hold words of it: $count."

say "7. Erasing it now."
call DELETE "/v1/tasks/$id" >"$tmp/task"
while [ "$(status)" = 202 ]; do
  sleep 1
  call DELETE "/v1/tasks/$id" >"$tmp/task"
done
[ "$(status)" = 200 ] || fail "the delete was answered $(status)"
call GET "/v1/tasks/$id" >/dev/null
[ "$(status)" = 410 ] || fail "after the delete the task is still answered $(status)"
echo "   The task is answered 410 Gone from now on."

say "8. Searching every byte of $data for what is left of it."
sleep 2.5 # the database's journal is emptied within two seconds
changed >"$tmp/changed"
left=$(search words <"$tmp/changed" && search bytes <"$tmp/changed")
[ -z "$left" ] || fail "something of the document was left behind in $left"
echo "   Nothing: $(wc -l <"$tmp/needles") words and ${#runs[@]} runs of the document's bytes were looked for in $(wc -l <"$tmp/changed") files."
echo "   The others, $(files | LC_ALL=C comm -12 "$tmp/before" - | wc -l), are as they were before it came."

say "9. Checking the receipt with the server's public key alone."
call GET /v1/ledger/keys >"$tmp/key"
for _ in $(seq 60); do
  call GET "/v1/tasks/$id/receipt" >"$tmp/receipt"
  ! grep -q '^not yet logged' "$tmp/receipt" || { sleep 0.5 && continue; }
  break
done
"$lethe" verify "$tmp/receipt" --key "$tmp/key" --file "$document" | sed -E 's/^/   | /; s/(T[0-9]{2}:[0-9]{2}:[0-9]{2})\.[0-9]+/\1/g'

if [ -n "${DEMO_ONLY:-}" ]; then
  say "Done."
  exit 0
fi
say "The server stays up at $url; its description is at $url/v1/openapi.json. Try:"
cat <<TRY
   export LETHE_URL=$url LETHE_APP=$app LETHE_SECRET=$secret
   $lethe submit scan.pdf
TRY
if [ "$(curl -s -o "$tmp/body" -w '%{http_code}' "$url/")" = 200 ]; then
  echo "Or open $url/ in a browser: a page that reads documents. Sign in with the id $app and that secret."
fi
echo "Press Ctrl-C to stop it."
wait "$server"
