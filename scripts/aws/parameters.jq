# Reads the parameter file of a region. Input: the file. Arguments: $region, $email (ALERT_EMAIL, or ""), and $template, what the
# template says of its parameters. Output: given, effective (with the template's defaults), errors.

# These are the scripts' to give.
def ours: ["CodeBucket", "CodeKey", "BootstrapApp", "BootstrapHash", "Closing", "Started", "Protection"];

(map({key: .ParameterKey, value: .ParameterValue}) | from_entries | if $email != "" then .AlertEmail = $email else . end) as $given
| ([$template[].name] - ours) as $allowed
| {
  $given,
  effective: (([$template[] | select(has("default")) | {key: .name, value: .default}] | from_entries) + $given),
  errors: [
    (group_by(.ParameterKey)[] | select(length > 1)[0].ParameterKey | "\(.) is given twice"),
    ($given | keys[] | . as $name | select($allowed | index([$name]) | not)
      | if ours | index([$name]) then "\($name) is given by the scripts; expected: not in this file"
        else "\($name) is no parameter of infra/aws/stamp.yaml; expected: \($allowed | join(" | "))" end),
    (select(($given.Region // "") != $region) | "Region is '\($given.Region // "")'; expected: the region that the file is called after. Example: \"ParameterValue\": \"\($region)\"")
  ]
}
