# shellcheck shell=bash
# Sourced after stamp.sh: the stages of a stamp, each of which may be run again.
# What is used is set by stamp.sh.
# shellcheck disable=SC2154,SC2034

# write_parameters: what the stamp is deployed with. The file is read by its owner only and goes with the script.
write_parameters() {
  : >>"$work/signing.key"
  jq --arg commit "$version" --arg app "$bootstrap_app" --arg hash "$bootstrap_hash" --arg previous "$previous_key" --rawfile key "$work/signing.key" '
    .given + {commit: $commit}
    + (if $app == "" then {} else {bootstrapApp: $app, bootstrapHash: $hash} end)
    + (if $previous == "" then {} else {previousKeyUri: $previous} end)
    + (if $key == "" then {} else {signingKey: ($key | rtrimstr("\n"))} end)
    | {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#", contentVersion: "1.0.0.0",
       parameters: map_values({value: .})}' "$work/read" >"$work/parameters.json"
}

# show_changes: what Azure would change, in its own words. A signing key is not part of it.
show_changes() {
  step 'asking Azure what would change'
  write_parameters
  az deployment group what-if --resource-group "$group" --name lethe-stamp --subscription "$subscription" --only-show-errors \
    --template-file infra/azure/main.json --parameters "@$work/parameters.json"
}

deploy_stamp() {
  azure deployment group create --resource-group "$group" --name lethe-stamp --mode Incremental \
    --template-file infra/azure/main.json --parameters "@$work/parameters.json" >"$work/deployed"
}

# put_stamp: the first stage. Roles of an identity that is seconds old are refused now and then.
put_stamp() {
  step 'deploying the stamp (about ten minutes the first time)'
  write_parameters
  touched=yes
  attempt 2 60 deploy_stamp
  local named
  named=$(jq -r '.properties.outputs.appName.value' "$work/deployed")
  [ "$named" = "$app" ] || stop "The stamp's app is called $named, not $app: template and scripts are of different versions." "check out both from one version and run the same command again"
}

# look_at_stamp: the doctor asks Resource Manager whether anything keeps what is erased. Nothing is taken in before.
look_at_stamp() {
  step 'checking the stamp from outside'
  if ! "$lethe" doctor --help >/dev/null 2>&1; then
    say "   skipped: lethe doctor runs on Linux only"
    return 0
  fi
  env -u LETHE_SECRET AZURE_SUBSCRIPTION_ID="$subscription" LETHE_REGION="$REGION" LETHE_RETAIN_PROCESSED="${processed}h" LETHE_RETAIN_UNPROCESSED="${unprocessed}h" \
    LETHE_RETAIN_MARGIN="$(margin)" "$lethe" doctor --subscription "$subscription" --resource-group "$group" --account "$documents" ||
    stop "The documents account is misconfigured; the remedies are above." "undo what changed it, often a policy, and run the same command again"
}

# put_package FILE
put_package() {
  step "uploading the package $1"
  touched=yes
  attempt 3 30 azure functionapp deployment source config-zip --resource-group "$group" --name "$app" --src "$1" --timeout 1800 >/dev/null
}

# await_program VERSION FUNCTIONS: waits until the host has loaded the functions and the program of that version answers.
await_program() {
  local wanted=$1 functions=$2
  step "waiting until the host has loaded the functions of version $wanted"
  await 10 "the host has not loaded $functions; look at AppTraces in the workspace log-$base" loaded "$functions"
  await_version "$wanted"
}

loaded() {
  azure functionapp function list --resource-group "$group" --name "$app" >"$work/loaded" &&
    jq -e --argjson want "$1" '$want - [.[].name | split("/")[-1]] == []' "$work/loaded" >/dev/null
}

# put_events: the second stage. Its key exists once the host has started the blob trigger, and the endpoint must answer.
put_events() {
  step 'sending the events of uploads to the app'
  touched=yes
  [ "$private" = true ] || await 5 "the host has made no key for blob events" keyed
  attempt 4 30 azure deployment group create --resource-group "$group" --name lethe-events --mode Incremental \
    --template-file infra/azure/events.json --parameters "topicName=$topic" "appName=$app" "documentsName=$documents" \
    "privateNetwork=$private" "unprocessedHours=$unprocessed" >/dev/null
}

keyed() { azure functionapp keys list --resource-group "$group" --name "$app" | jq -e '.systemKeys | has("blobs_extension")' >/dev/null; }

# keep_package FILE HASH: for the way back.
keep_package() {
  mkdir -p "$kept/packages"
  cp "$1" "$kept/packages/$2.part"
  mv "$kept/packages/$2.part" "$kept/packages/$2.zip"
}

# update_strategy is Recreate, or the stamp is not as its template says.
update_strategy() {
  azure rest --method get --url "$group_id/providers/Microsoft.Web/sites/$app?api-version=2025-03-01" |
    jq -r '.properties.functionAppConfig.siteUpdateStrategy.type // "unknown"'
}

# secret_version prints the address of the signing key's version in the vault, or nothing if there is no key. The key itself
# is not read: nobody needs to.
secret_version() {
  local code=0
  azure resource show --ids "$group_id/providers/Microsoft.KeyVault/vaults/$vault/secrets/signing-key" --api-version 2023-07-01 \
    >"$work/secret" 2>"$work/complaint" || code=$?
  case $code in
    0) jq -r .properties.secretUriWithVersion "$work/secret" ;;
    3) ;; # az ends so if there is no such resource
    *)
      cat "$work/complaint" >&2
      return "$code"
      ;;
  esac
}

# make_key makes a signing key for the next put_stamp, and prints its public half.
make_key() {
  rm -f "$work/signing.key"
  "$lethe" keygen "$app.azurewebsites.net" "$work/signing.key"
}
