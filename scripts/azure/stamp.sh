# shellcheck shell=bash
# Sourced by the scripts of this folder: how Azure is asked, what the stamp of a region is called.
# Each is started with REGION=… and reads the region's parameter file.

# Variables are for the scripts that source this file, and $ in filters is jq's.
# shellcheck disable=SC2034,SC2016,SC2154

# shellcheck source=scripts/stamp/console.sh
. scripts/stamp/console.sh
# shellcheck source=scripts/stamp/service.sh
. scripts/stamp/service.sh
subscription=''                       # its id
base='' group='' group_id=''          # names
documents='' host='' vault='' app='' topic=''
workload='' env='' owner='' email='' sku='' private='' protected='' processed='' unprocessed='' standing='' memory='' expression=''
exists='' has_app='' own='' state='' proven='' previous_key='' saved='' deployed=''        # the group
functions=''                          # the names of the package's functions as JSON

# azure COMMAND…: asks Azure in the subscription that was checked first.
azure() { az "$@" --subscription "$subscription" --only-show-errors --output json; }

# read_parameters sets what the region's file and the template's defaults say. What is wrong is in the list problems.
read_parameters() {
  local file=infra/regions/${REGION:-}.bicepparam bicep
  [ -n "${REGION:-}" ] || refuse "REGION is missing; expected: $(regions). Example: REGION=westeurope"
  [ -f "$file" ] || refuse "REGION is '$REGION'; expected: $(regions). Example: REGION=westeurope. A further region is one more file: infra/regions/NAME.bicepparam"
  judge "$file" null
  if [ -n "$expression" ]; then
    bicep=${BICEP:-$(command -v bicep || true)}
    [ -n "$bicep" ] || refuse "$file: $expression is more than a literal, which only Bicep can read; expected: a literal, or Bicep. Example: az bicep install, BICEP=\$HOME/.azure/bin/bicep"
    "$bicep" build-params "$file" --stdout >"$work/built" || refuse "$file: Bicep refuses it, see above"
    judge "$file" "$(jq -c '.parametersJson | fromjson | .parameters | map_values(.value)' "$work/built")"
  fi
  [ ${#problems[@]} = 0 ] || refuse "${problems[@]/#/$file: }"
}

# judge FILE GIVEN: GIVEN is what the compiler reads in the file, or null.
judge() {
  jq -Rs --arg region "$REGION" --argjson given "$2" --slurpfile compiled infra/azure/main.json \
    -f scripts/azure/parameters.jq "$1" >"$work/read"
  learn '@sh "expression=\(.bicep // "") problems=(\(.errors // []))", (.effective // empty
    | @sh "workload=\(.workload) env=\(.env) owner=\(.owner) email=\(.alertEmail) sku=\(.storageRedundancy) private=\(.privateNetwork)
      protected=\(.customerKey) processed=\(.clocks.processedHours?) unprocessed=\(.clocks.unprocessedHours?)
      standing=\(try (.ready.http + .ready.documents) catch 0) memory=\(.size.memoryMB?)")' "$work/read"
}

regions() {
  local file names=()
  for file in infra/regions/*.bicepparam; do names+=("$(basename "$file" .bicepparam)"); done
  local IFS='|'
  printf '%s' "${names[*]}" | sed 's/|/ | /g'
}

# unique_string TEXT: what the template's uniqueString makes of it, so that names are known before anything exists. It is
# a Murmur hash of 64 bits in 13 letters.
unique_string() {
  local LC_ALL=C text=$1 length=${#1} m=$((0xffffffff)) a=0 b=0 i j k byte hash out='' letters=abcdefghijklmnopqrstuvwxyz234567
  for ((i = 0; i < length; i += 4)); do
    k=0
    for ((j = 3; j >= 0; j--)); do
      [ $((i + j)) -lt "$length" ] || continue
      printf -v byte '%d' "'${text:i+j:1}"
      k=$((k << 8 | byte))
    done
    if ((i % 8 == 0)); then
      k=$((k * 0x239b961b & m)) && k=$(((k << 15 | k >> 17) & m)) && a=$((a ^ (k * 0xab0e9789 & m)))
      ((i + 8 > length)) || a=$((((((a << 19 | a >> 13) & m) + b) * 5 + 0x561ccd1b) & m))
    else
      k=$((k * 0xab0e9789 & m)) && k=$(((k << 17 | k >> 15) & m)) && b=$((b ^ (k * 0x239b961b & m)))
      ((i + 4 > length)) || b=$((((((b << 13 | b >> 19) & m) + a) * 5 + 0x0bcaa747) & m))
    fi
  done
  a=$((a ^ length)) && b=$((b ^ length)) && a=$(((a + b) & m)) && b=$(((b + a) & m))
  a=$(mixed "$a") && b=$(mixed "$b") && a=$(((a + b) & m)) && b=$(((b + a) & m))
  hash=$((b << 32 | a))
  for ((i = 0; i < 13; i++)); do
    out+=${letters:hash >> 59 & 31:1}
    hash=$((hash << 5))
  done
  printf '%s' "$out"
}

mixed() {
  local h=$1 m=$((0xffffffff))
  h=$(((h ^ h >> 16) * 0x85ebca6b & m)) && h=$(((h ^ h >> 13) * 0xc2b2ae35 & m))
  printf '%d' $((h ^ h >> 16))
}

# name_things sets the names that the template gives.
name_things() {
  local unique
  base=$workload-$env-$REGION
  unique=$(unique_string "/subscriptions/$subscription-$base")
  unique=${unique:0:11}
  group=rg-$base
  documents=st${workload}doc$unique
  host=st${workload}run$unique
  vault=kv-$workload-$unique
  app=func-$workload-$unique
  topic=egst-$base
  group_id=/subscriptions/$subscription/resourceGroups/$group
  endpoint=https://$app.azurewebsites.net
  logs="AppTraces of log-$base"
  kept=${STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/lethe}/$group
}

# sign_in sets the subscription: the one named by SUBSCRIPTION, else the one that az has chosen.
sign_in() {
  local named=()
  [ -z "${SUBSCRIPTION:-}" ] || named=(--subscription "$SUBSCRIPTION")
  az account show "${named[@]}" --only-show-errors --output json >"$work/account" ||
    stop "az knows no subscription." "sign in with az login, name the subscription with SUBSCRIPTION=… if there are several, and run the same command again"
  local name tenant active
  learn '@sh "subscription=\(.id) name=\(.name) tenant=\(.tenantId) active=\(.state)"' "$work/account"
  say "Subscription: $name ($subscription), tenant $tenant"
  [ "$active" = Enabled ] || refuse "the subscription is $active; expected: an enabled one. Example: SUBSCRIPTION=name-or-id"
}

# read_group sets what the group's tags say of the stamp: they are the scripts' memory, the same from every machine.
read_group() {
  local whose where
  exists=$(azure group exists --name "$group") has_app=false own=' '
  [ "$exists" = true ] || return 0
  azure group show --name "$group" >"$work/group"
  azure resource list --resource-group "$group" >"$work/own"
  learn '(.tags // {} | @sh "whose=\(.workload // "") state=\(.state // "") proven=\(.package // "") saved=\(.ledger // "")
    public_key=\(."signing-key" // "") next_key=\(."next-key" // "") previous_key=\(."previous-key" // "")"), @sh "where=\(.location)",
    ($own[0] as $own | [$own[] | select(.type == "Microsoft.Web/sites" and .name == $app)]
    | @sh "has_app=\(. != []) deployed=\(.[0].tags.commit // "none") own=\(" " + ([$own[].name] | join(" ")) + " ")")' \
    "$work/group" --arg app "$app" --slurpfile own "$work/own"
  [ "$whose" = "$workload" ] || refuse "the group $group exists and is not a stamp of this installation; expected: a name that is free. Example: param workload = 'lethe2'"
  [ "$where" = "$REGION" ] || refuse "the group $group lies in $where; expected: $REGION. Example: delete the group if it is empty"
}

# remember NAME=VALUE…: writes tags of the group.
remember() { azure tag update --resource-id "$group_id" --operation Merge --tags "$@" >/dev/null; }

# read_settings sets which application the stamp was deployed with, and whether a client secret for it is at hand.
read_settings() {
  azure functionapp config appsettings list --resource-group "$group" --name "$app" >"$work/settings"
  learn 'map({key: .name, value: .value}) | from_entries
    | @sh "bootstrap_app=\(.LETHE_BOOTSTRAP_APP // "") bootstrap_hash=\(.LETHE_BOOTSTRAP_HASH // "")"' "$work/settings"
}

# inside: whether the app can be reached from here. Where public access is off, the platform answers 403.
inside() {
  local answer
  answer=$(curl -sS -m 30 -o /dev/null -w '%{http_code}' "$endpoint/healthz" 2>/dev/null) || return 1
  [ "$answer" != 403 ]
}
