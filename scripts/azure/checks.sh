# shellcheck shell=bash
# Sourced after stamp.sh: everything that can be known before anything is touched. Problems are collected, so that one run
# tells them all.
# What is used is set by stamp.sh.
# shellcheck disable=SC2154

problem() { problems+=("$*"); }

# The Functions plan needs a deployment that older versions of az do not know.
oldest_az=2.62.0

check_tools() {
  local tool missing=()
  for tool in az jq curl unzip sha256sum base64 od; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [ ${#missing[@]} = 0 ] || refuse "missing programs: ${missing[*]}. Example: apt-get install jq curl unzip; az from https://aka.ms/azure-cli"
  az version --output json >"$work/version"
  local have
  have=$(jq -r '."azure-cli"' "$work/version")
  [ "$(printf '%s\n' "$oldest_az" "$have" | sort -V | head -n 1)" = "$oldest_az" ] ||
    refuse "az is version $have; allowed is $oldest_az or newer. Example: az upgrade"
}

# check_package sets the package's hash and version and the functions in it.
check_package() {
  [ -f dist/lethe.zip ] || refuse "dist/lethe.zip is missing; allowed is a package of this version. Example: make package, or put a released one there"
  package=$(sha256sum dist/lethe.zip | cut -d ' ' -f 1)
  [ "${PACKAGE_SHA256:-$package}" = "$package" ] ||
    refuse "dist/lethe.zip has SHA-256 $package; allowed is the PACKAGE_SHA256 you gave, $PACKAGE_SHA256. Example: fetch the package again"
  unzip -Z1 dist/lethe.zip >"$work/entries" || refuse "dist/lethe.zip is no zip; allowed is a package. Example: make package"
  functions=$(sed -n 's|^\([a-z]*\)/function\.json$|\1|p' "$work/entries" | jq -R . | jq -cs .)
  if ! grep -qx host.json "$work/entries" || ! grep -qx lethe "$work/entries" || [ "$functions" = '[]' ]; then
    refuse "dist/lethe.zip holds no function app; allowed is a package with host.json, lethe and its functions. Example: make package"
  fi
  choose_program
  version=$("$lethe" version)
  version=${version#lethe }
  say "Package: dist/lethe.zip, version $version, SHA-256 $package"
}

# check_providers: the template itself says which are needed.
check_providers() {
  local name
  azure provider list >"$work/providers"
  jq -r --argjson private "$private" --slurpfile template infra/azure/main.json '
    [.[] | select(.registrationState == "Registered").namespace] as $have
    | [$template | .. | objects | .type? | strings | select(test("^Microsoft\\.[A-Za-z]+/")) | split("/")[0]] | unique
    | . - ["Microsoft.Authorization", "Microsoft.Resources"]
    | if $private then . + ["Microsoft.App"] else . - ["Microsoft.Network"] end
    | (. - $have)[]' "$work/providers" >"$work/unregistered"
  while IFS= read -r name; do
    problem "the resource provider $name is not registered; allowed is Registered. Example: az provider register --subscription $subscription --namespace $name --wait"
  done <"$work/unregistered"
  security=$(jq -r 'any(.[]; .namespace == "Microsoft.Security" and .registrationState == "Registered")' "$work/providers")
}

# look PATH: an answer of Resource Manager about the subscription.
look() { azure rest --method get --url "/subscriptions/$subscription$1"; }

check_region() {
  azure account list-locations >"$work/locations"
  jq -e --arg r "$REGION" 'any(.[]; .name == $r)' "$work/locations" >/dev/null ||
    problem "region is '$REGION', which this subscription cannot use; allowed is a region of az account list-locations. Example: REGION=westeurope"
  look '/providers/Microsoft.Web/geoRegions?sku=FlexConsumption&api-version=2024-04-01' >"$work/flex"
  jq -e --arg r "$REGION" 'any(.value[]; .name | ascii_downcase | gsub(" "; "") == $r)' "$work/flex" >/dev/null ||
    problem "region is '$REGION', where Flex Consumption is not offered; allowed is $(jq -r '[.value[].name | ascii_downcase | gsub(" "; "")] | sort | join(" | ")' "$work/flex"). Example: REGION=westeurope"
  look '/providers/Microsoft.Storage/skus?api-version=2023-05-01' >"$work/skus"
  jq -e --arg r "$REGION" --arg sku "$sku" 'any(.value[]; .resourceType == "storageAccounts" and .kind == "StorageV2" and .name == $sku
    and any(.locations[]; ascii_downcase == $r) and (.restrictions // [] == []))' "$work/skus" >/dev/null ||
    problem "storageRedundancy is '$sku', which $REGION does not offer; allowed is Standard_LRS where there are no zones. Example: param storageRedundancy = 'Standard_LRS'"
}

# check_quota: what the platform does not tell is said to be unknown, not taken for granted.
check_quota() {
  azure storage account show-usage --location "$REGION" >"$work/usage"
  [ "$exists" = true ] || jq -e '.limit - .currentValue >= 2' "$work/usage" >/dev/null ||
    problem "$REGION has room for $(jq '.limit - .currentValue' "$work/usage") storage accounts; allowed are 2 or more. Example: ask for more quota in the portal"
  look "/providers/Microsoft.Web/locations/$REGION/usages?api-version=2024-04-01" >"$work/usage"
  local free need=$(((standing + 1) * memory))
  free=$(jq -r '[.value[] | select(.name.value | test("flex.*memory"; "i")) | .limit - .currentValue] | first // "unknown"' "$work/usage")
  case $free in
    unknown) say "Quota of Flex Consumption: not told here. By default a region has 512,000 MB; this stamp needs $need MB to begin with." ;;
    *) [ "$exists" = true ] || [ "$free" -ge "$need" ] ||
      problem "$REGION has $free MB of Flex Consumption left; allowed are $need or more. Example: param ready = { http: 0, documents: 0 }, or ask for more quota" ;;
  esac
}

check_rights() {
  local scope=
  [ "$exists" != true ] || scope=/resourceGroups/$group
  look "$scope/providers/Microsoft.Authorization/permissions?api-version=2022-04-01" >"$work/rights"
  local lacking
  lacking=$(jq -r '
    def covers($action): any(.[]?; . as $p | $action | test("^" + ($p | gsub("\\."; "\\.") | gsub("\\*"; ".*")) + "$"; "i"));
    .value as $all
    | ["Microsoft.Resources/deployments/write", "Microsoft.Storage/storageAccounts/write", "Microsoft.Authorization/roleAssignments/write", "Microsoft.Web/sites/host/listkeys/action"][]
    | . as $a | select(any($all[]; (.actions | covers($a)) and (.notActions | covers($a) | not)) | not)' "$work/rights" | tr '\n' ' ')
  [ -z "$lacking" ] || problem "you may not do ${lacking% }; allowed is Owner, or Contributor with Role Based Access Control Administrator. Example: az role assignment create --assignee YOU --role Owner --scope /subscriptions/$subscription"
}

# check_names: a name in the group itself is the stamp's own.
check_names() {
  local name type api
  for name in "$documents" "$host"; do
    owned "$name" || free_name "$name" azure storage account check-name --name "$name"
  done
  for type in "$app Microsoft.Web/sites 2024-04-01" "$vault Microsoft.KeyVault/vaults 2023-07-01"; do
    read -r name type api <<<"$type"
    owned "$name" || free_name "$name" azure rest --method post \
      --url "/subscriptions/$subscription/providers/${type%/*}/checkNameAvailability?api-version=$api" --body "{\"name\":\"$name\",\"type\":\"$type\"}"
  done
  look_for_gone_vault
  [ "$gone" != true ] ||
    problem "the vault $vault was deleted and still holds its name; allowed is a name that is free. Example: az keyvault purge --subscription $subscription --name $vault --location $REGION, or wait 7 days if it is protected"
}

owned() { jq -e --arg name "$1" 'any(.[]; .name == $name)' "$work/own" >/dev/null; }

# look_for_gone_vault sets whether the vault of an earlier stamp waits for its end.
look_for_gone_vault() {
  azure keyvault list-deleted --resource-type vault >"$work/deleted"
  gone=$(jq --arg name "$vault" 'any(.[]; .name == $name)' "$work/deleted")
}

free_name() {
  local name=$1
  shift
  "$@" >"$work/name"
  jq -e .nameAvailable "$work/name" >/dev/null ||
    problem "the name $name is taken ($(jq -r '.reason // "no reason given"' "$work/name")); allowed is a name that is free in all of Azure. Example: param workload = 'lethe2'"
}

# check_keeping: what would keep or copy documents behind the stamp's back. What a policy does to the accounts in the end is
# for the doctor to see, once they exist.
check_keeping() {
  local name
  azure policy assignment list --disable-scope-strict-match >"$work/policies"
  jq -r '.[] | select((.enforcementMode // "Default") != "DoNotEnforce")
    | select("\(.name) \(.displayName // "")" | test("soft.?delet|version|point.?in.?time|change.?feed|back.?up|malware|defender.*storage|storage.*defender|immutab|geo.?redundan|replicat"; "i")).name' \
    "$work/policies" >"$work/keeping"
  while IFS= read -r name; do
    case " ${ACCEPT_POLICIES:-} " in *" $name "*) continue ;; esac
    problem "the policy assignment $name speaks of keeping, copying or scanning data; allowed is none that acts on this group, or one you have read and found harmless. Example: ACCEPT_POLICIES='$name'"
  done <"$work/keeping"
  [ "$security" = true ] || return 0
  look '/providers/Microsoft.Security/pricings/StorageAccounts?api-version=2024-01-01' >"$work/defender"
  name=$(jq -r 'select(.properties.pricingTier == "Standard") | [.properties.extensions[]? | select(.isEnabled | tostring | ascii_downcase == "true").name] | join(", ")' "$work/defender")
  [ -z "$name" ] || problem "Defender for Storage has $name switched on, which reads and can keep every upload; allowed is the plan without them. Example: az security pricing create --subscription $subscription --name StorageAccounts --tier Free"
}

# check_inside: a closed stamp takes its package and its test from inside its network only.
check_inside() {
  [ "$private" = true ] && [ "$has_app" = true ] || return 0
  inside || problem "privateNetwork is true and $endpoint cannot be reached from here; allowed is a machine inside the network vnet-$base that resolves its private names, or an address in allowedAddresses. Example: run this on a machine in a network peered with vnet-$base"
}

# check_all is everything but the package and the secret.
check_all() {
  check_providers
  check_region
  check_quota
  check_rights
  check_names
  check_keeping
  check_inside
}
