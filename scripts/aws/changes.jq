# Tells a change set in lines, and judges it. Input: what aws cloudformation describe-change-set answers. Argument: $accepted, logical
# names with spaces between them. Output: lines, "!" for what is refused.

# What goes with these cannot be made again: documents, records, keys.
def kept: ["AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::KMS::Key"];

def gone: .Action == "Remove" or .Action == "Dynamic" or (.Action == "Modify" and (.Replacement // "False") != "False");
def act: if .Action == "Modify" and (.Replacement // "False") == "True" then "replace" elif .Action == "Modify" and .Replacement == "Conditional" then "replace?"
  else .Action | ascii_downcase end;

[.Changes[].ResourceChange] | sort_by(.ResourceType, .LogicalResourceId)[]
| "   \(act)\t\(.ResourceType)\t\(.LogicalResourceId)",
  (select((.ResourceType | IN(kept[])) and gone) | .LogicalResourceId as $name
    | select($accepted | split(" ") | index([$name]) | not)
    | "!\(.ResourceType) \($name) (\(.PhysicalResourceId // "")) would go: \(act). What is in it would be lost; expected: no removal or replacement of a bucket, table, secret or key. Example: undo the option that asks for it, or ACCEPT_CHANGES='\($name)' if it holds nothing that you need")
