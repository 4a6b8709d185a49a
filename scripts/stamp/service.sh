# shellcheck shell=bash
# Sourced after console.sh by the scripts of every cloud: the program of a stamp, as its clients and its operators see it.
# $ in filters is jq's; variables are for the scripts that source this file.
# shellcheck disable=SC2016,SC2034,SC2154

lethe=''                           # the client's program
endpoint='' kept='' logs=''        # its address, the folder of what is kept on this machine, where its messages are
bootstrap_app='' bootstrap_hash='' # the first application, as it is deployed
package='' version=''              # the package: its SHA-256 and its version
public_key='' next_key=''          # the signing key's public half, and that of the one which replaces it

# choose_program PACKAGE ENTRY: sets the client's program: the one in the package where it runs, else the one that make
# build makes.
choose_program() {
  lethe=${LETHE_BIN:-}
  if [ -z "$lethe" ] && [ -f "$1" ] && [ "$(uname -sm)" = 'Linux x86_64' ]; then
    lethe=$work/lethe
    unzip -p "$1" "$2" >"$lethe"
    chmod 700 "$lethe"
  fi
  lethe=${lethe:-bin/lethe}
  [ -x "$lethe" ] || refuse "$lethe is missing; expected: a program for this machine. Example: make build"
  export LETHE_BIN=$lethe
}

# hash_package FILE: sets the package's hash.
hash_package() {
  [ -f "$1" ] || refuse "$1 is missing; expected: a package of this version. Example: make package, or put a released one there"
  package=$(sha256sum "$1" | cut -d ' ' -f 1)
  [ "${PACKAGE_SHA256:-$package}" = "$package" ] ||
    refuse "$1 has SHA-256 $package; expected: the PACKAGE_SHA256 you gave, $PACKAGE_SHA256. Example: fetch the package again"
}

# name_version FILE: sets the package's version. It must be one that can be found again, and that of the template.
name_version() {
  local commit head
  version=$("$lethe" version)
  version=${version#lethe }
  say "Package: $1, version $version, SHA-256 $package"
  [ "${ACCEPT_PACKAGE:-}" != 1 ] || return 0
  case $version in
    *-dirty) problem "$1 is of version $version: it was made from files that no commit holds; expected: a package of a commit. Example: git commit, make package, or ACCEPT_PACKAGE=1 to try it all the same" ;;
  esac
  # Where this is no checkout, or one that does not know the version, there is nothing to compare with.
  head=$(git rev-parse -q --verify HEAD 2>/dev/null) || return 0
  commit=$(git rev-parse -q --verify "${version%-dirty}^{commit}" 2>/dev/null) || return 0
  [ "$commit" = "$head" ] ||
    problem "$1 is of version $version and the template of ${head:0:12}; expected: both of one version. Example: git checkout ${version%-dirty}, or make package, or ACCEPT_PACKAGE=1"
}

# invent_application makes the first application. Its secret is known before its hash is deployed, and nobody sees it yet.
invent_application() {
  local random
  random=$(od -An -v -tx1 -N16 /dev/urandom | tr -d ' \n')
  bootstrap_app=${random:0:8}-${random:8:4}-4${random:13:3}-a${random:17:3}-${random:20:12}
  LETHE_SECRET=lethe_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
  [ ! -s "${SECRET_FILE:-}" ] || LETHE_SECRET=$(head -n 1 "$SECRET_FILE")
  bootstrap_hash=$(printf %s "$LETHE_SECRET" | sha256sum | cut -d ' ' -f 1)
  LETHE_APP=$bootstrap_app
}

# show_application CLOUD, before its hash is deployed: a secret that was deployed and never seen would lock everybody out.
show_application() {
  if [ -n "${SECRET_FILE:-}" ]; then
    printf '%s\n' "$LETHE_SECRET" >"$SECRET_FILE"
    say "   Application $bootstrap_app; its secret is in $SECRET_FILE and nowhere else."
  else
    say "   Application $bootstrap_app"
    say "   Secret      $LETHE_SECRET   (shown once; $1 gets its hash only)"
  fi
}

# read_secret makes LETHE_APP and LETHE_SECRET what the client verbs need, and fails if there is no secret.
read_secret() {
  [ -n "${LETHE_SECRET:-}" ] || [ ! -s "${SECRET_FILE:-}" ] || LETHE_SECRET=$(head -n 1 "$SECRET_FILE")
  export LETHE_URL=$endpoint LETHE_APP=${LETHE_APP:-$bootstrap_app} LETHE_SECRET=${LETHE_SECRET:-}
  [ -n "$LETHE_APP" ] && [ -n "$LETHE_SECRET" ]
}

# need_secret: the stamp is only known to work if somebody may use it.
need_secret() {
  read_secret || problem "LETHE_SECRET is missing; expected: the secret of an application with the scopes submit, read and delete: of $bootstrap_app, or of the one in LETHE_APP. Example: LETHE_SECRET=lethe_… or SECRET_FILE=path"
}

# need_first_secret COMMAND: as need_secret, where an earlier run has made the first application.
need_first_secret() {
  read_secret ||
    problem "LETHE_SECRET is missing; expected: the secret of $bootstrap_app, which an earlier run showed. Example: LETHE_SECRET=lethe_… $1, or NEW_ADMIN=1 if it is lost"
}

# ask PATH: prints an answer of the stamp's interface. The secret goes to curl by its standard input.
ask() { printf 'user = "%s:%s"\n' "$LETHE_APP" "$LETHE_SECRET" | curl -fsS -m 60 -K - "$endpoint$1"; }

serves() { [ "$(ask /v1/capabilities | jq -r .version)" = "$1" ]; }

# confined: the program tried its own workers where they run, as lethe doctor --sandbox does. A version from before that says
# nothing of it.
confined() {
  curl -sS -m 60 "$endpoint/readyz" >"$work/ready"
  jq -e 'all(.checks[] | select(.name == "sandbox"); .ok)' "$work/ready" >/dev/null && return 0
  jq -r '.checks[] | select(.name == "sandbox").detail' "$work/ready" >&2
  return 1
}

await_ready() {
  await 5 "$endpoint/readyz says that no documents are accepted; open it to read why" curl -fsS -m 60 -o /dev/null "$endpoint/readyz"
}

# await_version VERSION: waits until the program of that version answers and takes documents.
await_version() {
  await 10 "version $1 does not answer at $endpoint with the secret of $LETHE_APP" serves "$1"
  await 5 "worker processes cannot be confined there, so no documents are accepted; the message above says what is open and how to fix it" confined
  await_ready
}

# try_out sends a synthetic page through the whole service.
try_out() {
  step 'testing the stamp with a synthetic page'
  scripts/stamp/smoke.sh
}

# margin is the same as in the templates: an hour, or half of the shorter retention.
margin() {
  local m=$((30 * (processed < unprocessed ? processed : unprocessed)))
  printf '%dm' $((m < 60 ? m : 60))
}

# A key is replaced once the ledger names the next one, which the old one has cross-signed.
vouched() { [ "$(ask /v1/ledger/keys | tail -n 1)" = "$next_key" ]; }

await_vouched() { await 30 "the ledger does not name the new key; look for ledger.stuck in $logs" vouched; }

# await_resealed: passwords of waiting documents are sealed with a key that follows from the signing key.
await_resealed() {
  step 'waiting until no waiting document needs the old key for its password'
  ask /v1/retention >"$work/retention"
  since=$(jq -r '.now[0:19]' "$work/retention")
  await 30 "no sweep has sealed all passwords with the new key; look for sweep.failed in $logs" resealed
}
resealed() {
  ask /v1/retention >"$work/retention" &&
    jq -e --arg since "$since" '(.last_sweep // "")[0:19] > $since and (.swept.stale_passwords // 0) == 0' "$work/retention" >/dev/null
}

# keep_keys saves all public keys, oldest first.
keep_keys() {
  mkdir -p "$kept"
  ask /v1/ledger/keys >"$kept/keys"
}

# A stamp is removed once it holds nothing: it takes nothing in and keeps nothing longer than two minutes.
closed() {
  [ "$(curl -sS -m 60 -o /dev/null -w '%{http_code}' "$endpoint/readyz")" = 503 ] && ask /v1/retention >"$work/retention" &&
    jq -e '.processed_seconds == 120' "$work/retention" >/dev/null
}

# await_emptied, after the program has closed intake.
await_emptied() {
  step 'waiting until everything is erased (up to an hour)'
  since=$(jq -r '.now[0:19]' "$work/retention")
  await 60 "not all documents are erased; look for sweep.failed in $logs" emptied
}

# emptied: a sweep that began after intake was closed has ended, and storage holds no copy of any document.
emptied() {
  ask /v1/retention >"$work/retention" &&
    jq -e --arg since "$since" '.oldest == null and (.last_sweep // "")[0:19] > $since' "$work/retention" >/dev/null
}

# keep_ledger saves ledger, public keys and the receipts of the application that asks.
keep_ledger() {
  local id
  step 'saving the ledger'
  mkdir -p "$kept/receipts"
  await 30 'the ledger cannot be saved whole: a document has no receipt in it yet' save_ledger
  rm -rf "$kept/ledger"
  mv "$kept/ledger.part" "$kept/ledger"
  cp "$work/keys" "$kept/keys"
  jq -r '"   \(.log.documents) documents, \(.log.documents_with_receipt) erased with a receipt; longest kept \((.log.longest_after_upload_seconds // 0) / 3600 * 10 | round / 10) h after upload",
    (.log.breaches[] | "   BREACH: \(.name): \(.detail)")' "$work/audit"

  step "saving the receipts of application $LETHE_APP"
  "$lethe" list --state Deleted --limit 1000000 --json >"$work/tasks"
  jq -r .id "$work/tasks" >"$work/ids"
  while IFS= read -r id; do
    [ -s "$kept/receipts/$id" ] || "$lethe" receipt "$id" >"$work/receipt" </dev/null
    [ -s "$kept/receipts/$id" ] || mv "$work/receipt" "$kept/receipts/$id"
  done <"$work/ids"
  say "   $(wc -l <"$work/ids") receipts. Other applications' receipts are theirs to fetch; the ledger proves all."
}

# save_ledger: only a whole one counts, with a receipt for every document.
save_ledger() {
  "$lethe" ledger save "$kept/ledger.part" && ask /v1/ledger/keys >"$work/keys" || return 1
  "$lethe" audit "$kept/ledger.part" --key "$work/keys" --json >"$work/audit" || [ -s "$work/audit" ] || return 1
  jq -e '.log.documents_without_receipt == 0' "$work/audit" >/dev/null
}

say_kept() {
  [ ! -d "$kept/ledger" ] || say "Its ledger, keys and receipts are in $kept. Check them any time: lethe audit $kept/ledger --key $kept/keys"
}
