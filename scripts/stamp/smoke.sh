#!/usr/bin/env bash
# Sends a synthetic page through the whole service: upload link, recognition, result, delete, receipt. Leaves nothing.
# Usage: LETHE_URL=… LETHE_APP=… LETHE_SECRET=… scripts/stamp/smoke.sh
#   SMOKE_FILE=path   a document of your own instead of the synthetic page
#   LETHE_BIN=path    the client's program; bin/lethe if not given
set -Eeuo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
umask 077

lethe=${LETHE_BIN:-bin/lethe}
work=$(mktemp -d)
id=
ended() {
  local code=$?
  trap - EXIT
  if [ "$code" != 0 ] && [ -n "$id" ]; then
    "$lethe" delete --no-wait "$id" || true # retention erases it in any case
  fi
  rm -rf "$work"
  exit "$code"
}
trap ended EXIT
trap 'exit 130' INT TERM
fail() {
  printf 'The test failed: %s\n' "$*" >&2
  exit 1
}

page=${SMOKE_FILE:-$work/page.png}
: >"$work/words"
[ -n "${SMOKE_FILE:-}" ] || go run ./scripts/sample -o "$page" -words "$work/words"

began=$SECONDS
# Should this script die, the page is gone soon all the same.
id=$("$lethe" submit --no-wait --retain 15m "$page")
echo "   The page was sent to its upload link: task $id."

state=
for _ in $(seq 60); do
  state=$("$lethe" status --json "$id" | jq -r .state)
  case $state in Completed | ProcessingFailed | Deleted) break ;; esac
  sleep 5
done
[ "$state" = Completed ] || fail "after five minutes the task is $state, not Completed: do the events of uploads arrive?"
echo "   It was recognised in $((SECONDS - began)) s."

"$lethe" get "$id" --format txt -o "$work/text"
if [ -s "$work/words" ]; then
  found=$(grep -cFf <(tr -cs 'A-Za-z' '\n' <"$work/text" | sort -u | awk 'length >= 7') "$work/words" || true)
  all=$(wc -l <"$work/words")
  echo "   $found of $all long words were read."
  [ $((found * 100)) -ge $((all * 90)) ] || fail "fewer than 90 of 100 words were read"
fi

"$lethe" delete "$id"
code=0
"$lethe" status "$id" >/dev/null 2>&1 || code=$?
[ "$code" = 5 ] || fail "the task can still be seen after its delete (exit code $code)"

printf 'user = "%s:%s"\n' "$LETHE_APP" "$LETHE_SECRET" | curl -fsS -m 60 -K - "$LETHE_URL/v1/ledger/keys" -o "$work/keys" ||
  fail "the public keys cannot be fetched: does the stamp have a signing key?"
"$lethe" receipt "$id" >"$work/receipt"
code=0
"$lethe" verify "$work/receipt" --key "$work/keys" --file "$page" >/dev/null 2>"$work/verified" || code=$?
[ "$code" = 0 ] || [ "$code" = 11 ] || fail "the receipt is not genuine: $(cat "$work/verified")" # 11: it is, and the log follows in minutes
echo "   It was deleted, and the receipt of that is signed by the stamp's key."
