# Reads a parameter file of literals and environment variables and holds it against the types in the compiled template, so
# that a wrong value is refused by name before anything is created and nobody needs the compiler.
#
# Input: the text of the file. Arguments: $compiled, the compiled template in a list; $region, the name of the file; $given, the
# parameters as the compiler reads them, or null. Output: {bicep: NAME} if the parameter NAME is an expression that only
# the compiler understands, else {errors: [TEXT…], given: {…}, effective: {…}}.

def template: $compiled[0];

def tokens: [match("'(?:\\\\.|[^'\\\\])*'|[A-Za-z_][A-Za-z0-9_]*|-?[0-9]+|\\n|[^ \\t\\r]"; "g").string];

# A statement ends with its line, unless a bracket is open.
def statements:
  reduce tokens[] as $t ({depth: 0, open: [], all: []};
    if $t == "\n" and .depth == 0 then .all += [.open | select(. != [])] | .open = []
    else .open += [$t] | .depth += (if $t | test("^[{(\\[]$") then 1 elif $t | test("^[})\\]]$") then -1 else 0 end) end)
  | .all + [.open | select(. != [])];

def quoted: test("^'");
def unquoted: .[1:-1] | gsub("\\\\(?<c>.)"; if .c == "n" then "\n" else .c end);

# The value that tokens say, or nothing if they are more than literals.
def literal:
  . as $tokens
  | reduce range(length) as $i ([];
      $tokens[$i] as $t
      | if $t == "\n" or $t == "," then (if length == 0 or (.[-1] | test("^[,{\\[]$")) then . else . + [","] end)
        elif $t | test("^[}\\]]$") then (if .[-1] == "," then .[:-1] else . end) + [$t]
        elif $t | test("^[{\\[:]$|^-?[0-9]+$|^(true|false|null)$") then . + [$t]
        elif ($t | quoted) and ($t | contains("${") | not) then . + [$t | unquoted | tojson]
        elif ($tokens[$i + 1] == ":") and ($t | test("^[A-Za-z_]")) then . + [$t | tojson]
        else . + ["!"] end)
  | join("") | try {value: fromjson} catch empty;

# A value as the parameter file would say it.
def bicep:
  if type == "string" then "'\(gsub("'"; "\\'"))'"
  elif type == "array" then "[" + (map(bicep) | join(", ")) + "]"
  elif type == "object" then (if . == {} then "{}" else "{ " + (to_entries | map("\(.key): \(.value | bicep)") | join(", ")) + " }" end)
  else tojson end;

def resolved: if has("$ref") then template.definitions[."$ref" | split("/")[-1]] + (. | del(."$ref")) else . end;

def example($name):
  resolved as $p
  | ($p.metadata.description // "" | capture("Example: (?<e>.+?)\\.$").e)? // null
  | if . != null then "param \($name) = \(if test("^\\[") then . else "'\(.)'" end)"
    else "param \($name) = \($p.defaultValue | bicep)" end;

def allowed:
  if .allowedValues then .allowedValues | map(bicep) | join(" | ")
  elif .minValue != null or .maxValue != null then "\(.minValue // "any") to \(.maxValue // "any")"
  elif .type == "object" and .properties then "{ " + (.properties | keys | join(", ")) + " }"
  elif .minLength != null or .maxLength != null then
    "\(.minLength // 0) to \(.maxLength // "any number of") \(if .type == "array" then "entries" else "characters" end)"
  else .type end;

# What is wrong with a value, as pairs of a path and what is allowed there.
def faults($path; $value):
  resolved as $p
  | {securestring: "string", int: "number", bool: "boolean"}[$p.type] // $p.type
  | if . != ($value | type) then {path: $path, value: $value, want: ($p | allowed)}
    elif ($p.allowedValues and ($p.allowedValues | index([$value]) | not))
      or ($p.minValue and $value < $p.minValue) or ($p.maxValue and $value > $p.maxValue)
      or ($p.minLength and ($value | length) < $p.minLength) or ($p.maxLength and ($value | length) > $p.maxLength)
      or (. == "number" and $value != ($value | floor))
    then {path: $path, value: $value, want: ($p | allowed)}
    elif . == "object" then
      (($p.properties // {}) | to_entries[] | .key as $k | .value
        | if $value | has($k) then faults("\($path).\($k)"; $value[$k]) else {path: "\($path).\($k)", want: (resolved | allowed)} end),
      (($value | keys) - ($p.properties // {} | keys) | .[] as $k
        | if $p.additionalProperties then $p.additionalProperties | faults("\($path).\($k)"; $value[$k])
          else {path: "\($path).\($k)", value: $value[$k], want: "nothing of that name"} end)
    elif . == "array" and $p.items then range($value | length) as $i | $p.items | faults("\($path)[\($i)]"; $value[$i])
    else empty end;

def sentence($name; $parameter):
  (if has("value") then "\(.path) is \(.value | bicep)" else "\(.path) is missing" end)
  + "; expected: \(.want). Example: \($parameter | example($name))";

# What no type can say.
def further:
  . as $e
  | (select($e.region | type == "string" and . != $region)
      | "region is \($e.region | bicep); expected: the region that the file is called after. Example: param region = '\($region)'"),
    (select($e.alertEmail | type == "string" and length > 5 and (test("^[^@ ]+@[^@ ]+$") | not))
      | "alertEmail is \($e.alertEmail | bicep); expected: one address. Example: param alertEmail = 'operations@example.org'"),
    (select($e.workload | type == "string" and (test("^[a-z0-9]*$") | not))
      | "workload is \($e.workload | bicep); expected: small letters and digits. Example: param workload = 'lethe'"),
    ($e.allowedAddresses | arrays | .[] | strings | select(test("^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$") | not)
      | "allowedAddresses holds \(bicep); expected: IPv4 ranges. Example: param allowedAddresses = ['203.0.113.0/24']"),
    ($e.settings | objects | keys[] | select(startswith("LETHE_") | not)
      | "settings holds \(.); expected: the program's own settings. Example: param settings = { LETHE_MAX_PAGES: '500' }");

# What the scripts give themselves: a secret has no place in a file.
def reserved: ["signingKey", "previousKeyUri", "bootstrapApp", "bootstrapHash", "groupLocation", "commit"];

def judged:
  . as $given
  | template.parameters as $known
  | [ (($given | keys) - ($known | keys) | .[]
        | "\(.) is no parameter of this template; expected: \(($known | keys) - reserved | join(", ")). Example: param alertEmail = 'operations@example.org'"),
      ($given | keys[] as $k | reserved[] | select(. == $k) | "\(.) is given by the scripts; leave it out of the file"),
      ($known | to_entries[] | .key as $k | .value
        | if $given | has($k) then . as $p | faults($k; $given[$k]) | sentence($k; $p)
          elif has("defaultValue") then empty
          else . as $p | {path: $k, want: (resolved | allowed)} | sentence($k; $p) end)
    ] as $errors
  | (($known | with_entries(select(.value | has("defaultValue")) | .value |= .defaultValue)) + $given) as $effective
  | {errors: ($errors + [$effective | further]), given: $given, effective: $effective};

[split("\n")[] | select(test("^\\s*//") | not)] | join("\n") | statements
| (map(select(.[0] == "using"))[0][1] // "''" | unquoted) as $using
| [.[] | select(.[0] == "param") | {name: .[1], tokens: .[3:]}]
| if $using | test("(^|/)main\\.bicep$") | not then
    {errors: ["\($region).bicepparam is for \($using | if . == "" then "no template" else . end); expected: the stamp's. Example: using '../azure/main.bicep'"]}
  elif $given != null then $given | judged
  else
    reduce .[] as $p ({given: {}, errors: []};
      ($p.tokens | if .[0] == "readEnvironmentVariable" and .[1] == "(" and (.[2] | quoted) then . else null end) as $env
      | if $env and ($env[3] == ")" or ($env[3] == "," and ($env[4] | quoted))) then
          ($env[2] | unquoted) as $variable
          | (env[$variable] // (if $env[3] == "," then $env[4] | unquoted else null end)) as $value
          | if $value == null then
              .errors += ["\($p.name) comes from the variable \($variable), which is not set. Example: \(template.parameters[$p.name] // {} | [example("\($variable)=")] | .[0] | sub("^param (?<v>\\S+) = '(?<x>.*)'$"; "\(.v)\(.x)"))"]
            else .given[$p.name] = $value end
        else ([$p.tokens | literal] | .[0]) as $v
          | if $v then .given[$p.name] = $v.value else .bicep //= $p.name end
        end)
    | if .bicep then {bicep} else . as $read
        | .given | judged
        | .errors |= $read.errors + [.[] | . as $e | select(any($read.errors[]; split(" ")[0] == ($e | split(" ")[0])) | not)]
      end
  end
