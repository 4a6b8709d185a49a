# shellcheck shell=bash
# Sourced after stamp.sh: checks everything that can be checked before anything is changed. Problems are collected, so that
# one run reports them all.
# What is used is set by stamp.sh, or used by what sources this.
# shellcheck disable=SC2154,SC2034

# The Functions plan needs a deployment that older versions of az do not know.
oldest_az=2.62.0

check_tools() { need_tools 'apt-get install jq curl unzip; az from https://aka.ms/azure-cli' az jq curl unzip sha256sum base64 od; }

check_az() {
  local have
  have=$(az version --output json | jq -r '."azure-cli"')
  [ "$(printf '%s\n' "$oldest_az" "$have" | sort -V | head -n 1)" = "$oldest_az" ] ||
    refuse "az is version $have; expected: $oldest_az or newer. Example: az upgrade"
}

# check_package sets the package's hash and version and the functions in it.
check_package() {
  hash_package dist/lethe.zip
  functions=$(functions_in dist/lethe.zip) || refuse "dist/lethe.zip holds no function app; expected: a package with host.json, lethe and its functions. Example: make package"
  choose_program dist/lethe.zip lethe
  name_version dist/lethe.zip
}

# functions_in prints the names of a package's functions as JSON.
functions_in() {
  unzip -Z1 "$1" >"$work/entries" && grep -qx host.json "$work/entries" && grep -qx lethe "$work/entries" &&
    grep -q '/function\.json$' "$work/entries" || return 1
  printf '[%s]' "$(sed -n 's|^\([a-z]*\)/function\.json$|"\1"|p' "$work/entries" | paste -sd ,)"
}

# look PATH: an answer of Resource Manager about the subscription.
look() { azure rest --method get --url "/subscriptions/$subscription$1"; }

# ask_azure gathers what checks.jq judges.
ask_azure() {
  local scope='' name type api
  azure provider list >"$work/providers"
  look '/locations?api-version=2022-12-01' >"$work/locations"
  look '/providers/Microsoft.Web/geoRegions?sku=FlexConsumption&api-version=2024-04-01' >"$work/flex"
  look '/providers/Microsoft.Storage/skus?api-version=2023-05-01' >"$work/skus"
  azure storage account show-usage --location "$REGION" >"$work/accounts"
  look "/providers/Microsoft.Web/locations/$REGION/usages?api-version=2024-04-01" >"$work/cores"
  [ "$exists" != true ] || scope=/resourceGroups/$group
  look "$scope/providers/Microsoft.Authorization/permissions?api-version=2022-04-01" >"$work/rights"
  azure policy assignment list --disable-scope-strict-match >"$work/policies"
  # Where Defender was never switched on, there is nothing to ask.
  echo '{}' >"$work/defender"
  ! grep -Eq '"namespace": ?"Microsoft.Security"' "$work/providers" ||
    look '/providers/Microsoft.Security/pricings/StorageAccounts?api-version=2024-01-01' >"$work/defender"
  azure keyvault list-deleted --resource-type vault >"$work/deleted"
  : >"$work/names"
  for name in "$documents" "$host"; do
    owned "$name" || free_name "$name" azure storage account check-name --name "$name"
  done
  for type in "$app Microsoft.Web/sites 2024-04-01" "$vault Microsoft.KeyVault/vaults 2023-07-01"; do
    read -r name type api <<<"$type"
    owned "$name" || free_name "$name" azure rest --method post \
      --url "/subscriptions/$subscription/providers/${type%/*}/checkNameAvailability?api-version=$api" --body "{\"name\":\"$name\",\"type\":\"$type\"}"
  done
}

# owned: a name in the group itself is the stamp's own.
owned() { case $own in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

free_name() {
  printf '"%s"\n' "$1" >>"$work/names"
  shift
  "$@" >>"$work/names"
}

# check_all is everything but the package and the secret.
check_all() {
  local name files=()
  ask_azure
  for name in providers locations flex skus accounts cores rights policies defender deleted names; do
    files+=(--slurpfile "$name" "$work/$name")
  done
  jq -nr "${files[@]}" --slurpfile template infra/azure/main.json --argjson private "$private" --argjson exists "$exists" \
    --arg subscription "$subscription" --arg region "$REGION" --arg sku "$sku" --arg vault "$vault" --arg accepted "${ACCEPT_POLICIES:-}" \
    --argjson need "$(((standing + 1) * memory))" "\$ARGS.named as \$facts | $(cat scripts/azure/checks.jq)" >"$work/found"
  while IFS= read -r name; do
    case $name in
      !*) problem "${name#!}" ;;
      *) say "${name#-}" ;;
    esac
  done <"$work/found"
  check_inside
}

# check_inside: a closed stamp takes its package and its test from inside its network only.
check_inside() {
  [ "$private" = true ] && [ "$has_app" = true ] || return 0
  inside || problem "privateNetwork is true and $endpoint cannot be reached from here; expected: a machine inside the network vnet-$base that resolves its private names, or an address in allowedAddresses. Example: run this on a machine in a network peered with vnet-$base"
}
