# Reports what speaks against a stamp, from what Azure answered before anything was changed. Input: none. Arguments: $facts, an object of
# lists with one answer each, and the names of the stamp. Output: lines, "!" for what is to be refused and "-" for what is
# to be said.

def fact($name): $facts[$name][0];
def listed: ascii_downcase | gsub(" "; "");

# The template itself says which providers it needs.
def providers:
  [fact("providers")[] | select(.registrationState == "Registered").namespace] as $have
  | [fact("template") | .. | objects | .type? | strings | select(test("^Microsoft\\.[A-Za-z]+/")) | split("/")[0]] | unique
  | . - ["Microsoft.Authorization", "Microsoft.Resources"]
  | if $private then . + ["Microsoft.App"] else . - ["Microsoft.Network"] end
  | (. - $have)[]
  | "!the resource provider \(.) is not registered; expected: Registered. Example: az provider register --subscription \($subscription) --namespace \(.) --wait";

def places:
  ([fact("flex").value[].name | listed] | sort) as $flex
  | (select(any(fact("locations").value[]; .name == $region) | not)
      | "!region is '\($region)', which this subscription cannot use; expected: a region of az account list-locations. Example: REGION=westeurope"),
    (select($flex | index([$region]) | not)
      | "!region is '\($region)', where Flex Consumption is not offered; expected: \($flex | join(" | ")). Example: REGION=westeurope"),
    (select(any(fact("skus").value[]; .resourceType == "storageAccounts" and .kind == "StorageV2" and .name == $sku
        and any(.locations[]; listed == $region) and (.restrictions // [] == [])) | not)
      | "!storageRedundancy is '\($sku)', which \($region) does not offer; expected: Standard_LRS where there are no zones. Example: param storageRedundancy = 'Standard_LRS'");

# A quota that the platform does not show is reported as unknown, not as sufficient. A stamp that exists has its share already.
def quota:
  (fact("accounts") | .limit - .currentValue) as $accounts
  | ([fact("cores").value[] | select(.name.value | test("flex.*memory"; "i")) | .limit - .currentValue] | first) as $free
  | select($exists | not)
  | (select($accounts < 2) | "!\($region) has room for \($accounts) storage accounts; expected: 2 or more. Example: ask for more quota in the portal"),
    (if $free == null then "-Quota of Flex Consumption: unknown. A region has 512,000 MB by default; this stamp begins with \($need) MB."
     elif $free < $need then "!\($region) has \($free) MB of Flex Consumption left; expected: \($need) or more. Example: param ready = { http: 0, documents: 0 }, or ask for more quota"
     else empty end);

def covers($action): any(.[]?; . as $p | $action | test("^" + ($p | gsub("\\."; "\\.") | gsub("\\*"; ".*")) + "$"; "i"));
def rights:
  [ "Microsoft.Resources/deployments/write", "Microsoft.Storage/storageAccounts/write", "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Web/sites/host/listkeys/action"
    | . as $a | select(any(fact("rights").value[]; (.actions | covers($a)) and (.notActions | covers($a) | not)) | not) ]
  | select(. != [])
  | "!you may not do \(join(", ")); expected: Owner, or Contributor with Role Based Access Control Administrator. Example: az role assignment create --assignee YOU --role Owner --scope /subscriptions/\($subscription)";

def names:
  ($facts.names as $n | range(0; $n | length; 2) as $i | $n[$i + 1] | select(.nameAvailable | not)
    | "!the name \($n[$i]) is taken (\(.reason // "no reason given")); expected: a name that is free in all of Azure. Example: param workload = 'lethe2'"),
  (select(any(fact("deleted")[]; .name == $vault))
    | "!the vault \($vault) was deleted and still holds its name; expected: a name that is free. Example: az keyvault purge --subscription \($subscription) --name \($vault) --location \($region), or wait 7 days if it is protected");

# What would keep or copy documents behind the stamp's back. What a policy does to the accounts in the end is for the doctor
# to see, once they exist.
def keeping:
  (fact("policies")[] | select((.enforcementMode // "Default") != "DoNotEnforce")
    | select("\(.name) \(.displayName // "")" | test("soft.?delet|version|point.?in.?time|change.?feed|back.?up|malware|defender.*storage|storage.*defender|immutab|geo.?redundan|replicat"; "i")).name
    | . as $name | select($accepted | split(" ") | index([$name]) | not)
    | "!the policy assignment \(.) may keep, copy or scan data; expected: none that acts on this group, or one you have read and found harmless. Example: ACCEPT_POLICIES='\(.)'"),
  (fact("defender") | select(.properties.pricingTier == "Standard")
    | [.properties.extensions[]? | select(.isEnabled | tostring | ascii_downcase == "true").name] | select(. != [])
    | "!Defender for Storage has \(join(", ")) switched on, which reads and can keep every upload; expected: the plan without. Example: az security pricing create --subscription \($subscription) --name StorageAccounts --tier Free");

providers, places, quota, rights, names, keeping
