# shellcheck shell=bash
# Sourced after stamp.sh: how the stack is changed. Every change is a change set, which is looked at before it is executed.
# What is used is set by stamp.sh; $ in filters is jq's.
# shellcheck disable=SC2016,SC2034,SC2154

change_set='' changes='' # its name, and whether there is anything in it
asked=0                  # how many this run has made
made_code=no             # whether this run made the bucket for packages
new_application=no       # whether this run makes the first application

# settle waits for an operation that is under way, and ends one that is stuck halfway back.
settle() {
  case $status in
    REVIEW_IN_PROGRESS) return 0 ;;
    *_IN_PROGRESS)
      step "waiting until the operation on $stack that is under way has ended"
      await_stack
      ;;
  esac
  if [ "$status" = UPDATE_ROLLBACK_FAILED ]; then
    step "letting CloudFormation end its way back"
    touched=yes
    amazon cloudformation continue-update-rollback --stack-name "$stack" >/dev/null
    await_stack
  fi
}

await_stack() { await 60 "the stack $stack is still $status; look at its events" settled; }
settled() {
  look_at_stack || return 1
  case $status in
    REVIEW_IN_PROGRESS) return 0 ;;
    *_IN_PROGRESS) return 1 ;;
  esac
}

# clear_failed removes what a creation left that failed. Nothing was ever taken in there.
clear_failed() {
  case $status in
    ROLLBACK_COMPLETE | ROLLBACK_FAILED | CREATE_FAILED | DELETE_FAILED) ;;
    *) return 0 ;;
  esac
  step "removing what the failed creation of $stack has left"
  remove_stack
}

# make_code makes the bucket for packages and for the scripts' memory. It holds no document; nobody but the account reads it.
make_code() {
  local place=() arn=arn:aws:s3:::$code
  if ! has_bucket "$code"; then
    touched=yes
    [ "$REGION" = us-east-1 ] || place=(--create-bucket-configuration "LocationConstraint=$REGION")
    amazon s3api create-bucket --bucket "$code" --object-ownership BucketOwnerEnforced "${place[@]}" >/dev/null
    made_code=yes
  fi
  # Each run makes good what one before it did not come to.
  [ "$state" != ready ] || return 0
  touched=yes
  amazon s3api put-public-access-block --bucket "$code" --expected-bucket-owner "$account" \
    --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
  jq -n --arg arn "$arn" '{Version: "2012-10-17", Statement: [{Sid: "TLSOnly", Effect: "Deny", Principal: "*", Action: "s3:*",
    Resource: [$arn, $arn + "/*"], Condition: {Bool: {"aws:SecureTransport": "false"}}}]}' >"$work/policy.json"
  amazon s3api put-bucket-policy --bucket "$code" --expected-bucket-owner "$account" --policy "file://$work/policy.json"
  amazon s3api put-bucket-tagging --bucket "$code" --expected-bucket-owner "$account" --tagging "TagSet=[{Key=workload,Value=lethe},{Key=region,Value=$REGION}]"
}

# put_package FILE HASH, unless it is there, whole: S3 says which bytes it holds.
put_package() {
  local key
  key=$(key_of "$2")
  ! holds_package "$2" || return 0
  step "uploading the package $1"
  touched=yes
  attempt 3 10 amazon s3api put-object --bucket "$code" --key "$key" --body "$1" --checksum-algorithm SHA256 --expected-bucket-owner "$account" >/dev/null
  holds_package "$2" || stop "S3 does not hold the package under $key as it was sent."
}

# holds_package HASH
holds_package() {
  known '(404)\|(403)' s3api head-object --bucket "$code" --key "$(key_of "$1")" --checksum-mode ENABLED --expected-bucket-owner "$account" || return 1
  [ "$(jq -r '.ChecksumSHA256 // ""' "$work/known" | base64 -d | od -An -v -tx1 | tr -d ' \n')" = "$1" ]
}

# put_template uploads the template, which is too large to be an argument.
put_template() {
  local key
  key=stamp-$(sha256sum infra/aws/stamp.yaml | cut -c 1-12).yaml
  amazon s3api put-object --bucket "$code" --key "$key" --body infra/aws/stamp.yaml --expected-bucket-owner "$account" >/dev/null
  template=(--template-url "https://$code.s3.$REGION.amazonaws.com/$key")
}

# write_parameters CODEKEY: what a stamp of this checkout is deployed with.
write_parameters() {
  jq --arg bucket "$code" --arg key "$1" --arg app "$bootstrap_app" --arg hash "$bootstrap_hash" \
    --argjson exists "$exists" --argjson first "$([ "$new_application" = yes ] && echo true || echo false)" '
    .given + {CodeBucket: $bucket, CodeKey: $key}
    # What is protected could not be removed if the creation failed; the protection comes with the key.
    + (if $exists then {} else {Protection: "false"} end) + (if $first then {BootstrapApp: $app, BootstrapHash: $hash} else {} end)
    | . as $all | [to_entries[] | {ParameterKey: .key, ParameterValue: .value}]
    + [select($exists) | ("BootstrapApp", "BootstrapHash", "Started", "AlertEmail") | select($all[.] == null)
      | {ParameterKey: ., UsePreviousValue: true}]' "$work/read" >"$work/parameters.json"
}

# same_but NAME=VALUE…: the stamp as it is, with these parameters changed.
same_but() {
  read_stack
  jq '($ARGS.positional | map(capture("^(?<key>[^=]+)=(?<value>.*)$")) | from_entries) as $new
    | [.Stacks[0].Parameters[].ParameterKey | . as $name | if $new | has($name)
       then {ParameterKey: ., ParameterValue: $new[.]} else {ParameterKey: ., UsePreviousValue: true} end]' "$work/known" --args "$@" >"$work/parameters.json"
  template=(--use-previous-template)
}

# ask_changes lets CloudFormation say what would change, and refuses what would take a document or a key away.
ask_changes() {
  local kind=UPDATE reason
  [ "$exists" = true ] || kind=CREATE
  asked=$((asked + 1))
  change_set=lethe-$(date -u +%Y%m%d%H%M%S)-$asked
  touched=yes
  amazon cloudformation create-change-set --stack-name "$stack" --change-set-name "$change_set" --change-set-type "$kind" \
    --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM --tags Key=workload,Value=lethe "${template[@]}" \
    --parameters "file://$work/parameters.json" >/dev/null
  [ "$exists" = true ] || status=REVIEW_IN_PROGRESS
  await 5 'CloudFormation does not say what would change' looked
  changes=yes
  learn '@sh "reason=\(select(.Status == "FAILED") | .StatusReason // "no reason given")"' "$work/changes"
  case ${reason:-} in
    '') ;;
    *"didn't contain changes"* | *'No updates are to be performed'*)
      changes=no
      drop_changes
      return 0
      ;;
    *)
      drop_changes
      refuse "CloudFormation refuses this: $reason"
      ;;
  esac
  jq -r --arg accepted "${ACCEPT_CHANGES:-}" -f scripts/aws/changes.jq "$work/changes" >"$work/found"
  mapfile -t problems < <(sed -n 's/^!//p' "$work/found")
  [ ${#problems[@]} = 0 ] || drop_changes
  refuse_problems
}
looked() {
  amazon cloudformation describe-change-set --stack-name "$stack" --change-set-name "$change_set" >"$work/changes" &&
    jq -e '.Status | IN("CREATE_COMPLETE", "FAILED")' "$work/changes" >/dev/null
}

# show_changes: what ask_changes has found, in CloudFormation's own words.
show_changes() {
  step 'asking AWS what would change'
  ask_changes
  if [ "$changes" = no ]; then
    say '   Nothing.'
  else
    grep -v '^!' "$work/found"
  fi
}

# drop_changes forgets a change set, and what was made for it alone.
drop_changes() {
  amazon cloudformation delete-change-set --stack-name "$stack" --change-set-name "$change_set" >/dev/null
  if [ "$exists" != true ]; then
    amazon cloudformation delete-stack --stack-name "$stack"
    status=none
  fi
  if [ "$made_code" = yes ]; then
    remove_bucket "$code"
    touched=no
  fi
}

# apply_changes executes the change set and waits. A stack that went back by itself is as it was before, which is told.
apply_changes() {
  [ "$changes" = yes ] || return 0
  touched=yes
  amazon cloudformation execute-change-set --stack-name "$stack" --change-set-name "$change_set" >/dev/null
  await_stack
  case $status in
    CREATE_COMPLETE | UPDATE_COMPLETE) return 0 ;;
  esac
  amazon cloudformation describe-stack-events --stack-name "$stack" --max-items 200 >"$work/events"
  jq -r '[.StackEvents[] | select(.ResourceStatus | endswith("_FAILED")) | select(.ResourceStatusReason // "" | test("cancelled") | not)]
    | .[:5][] | "   \(.ResourceType) \(.LogicalResourceId): \(.ResourceStatusReason // "no reason given")"' "$work/events" >&2
  return 1
}

# change_stack NAME=VALUE…: changes parameters of a stamp that stays as it is otherwise.
change_stack() {
  same_but "$@"
  ask_changes
  apply_changes || stop "The stack $stack is $status; the reasons are above."
}

# restart_functions makes every function read its settings, and the signing key, anew.
restart_functions() {
  read_stack
  change_stack "Started=$((started + 1))" Protection=true
}

# empty_bucket NAME removes every object, version and unfinished upload.
empty_bucket() {
  local key id
  while :; do
    amazon s3api list-object-versions --bucket "$1" --expected-bucket-owner "$account" --max-items 1000 >"$work/objects"
    jq '{Objects: [(.Versions[]?, .DeleteMarkers[]?) | {Key, VersionId}], Quiet: true}' "$work/objects" >"$work/delete.json"
    jq -e '.Objects != []' "$work/delete.json" >/dev/null || break
    amazon s3api delete-objects --bucket "$1" --expected-bucket-owner "$account" --delete "file://$work/delete.json" >"$work/deleted"
    if grep -q '"Errors"' "$work/deleted"; then
      jq -r '.Errors[0] | "   \(.Code): \(.Message)"' "$work/deleted" >&2
      stop "The bucket $1 cannot be emptied."
    fi
  done
  amazon s3api list-multipart-uploads --bucket "$1" --expected-bucket-owner "$account" >"$work/uploads"
  jq -r '.Uploads[]? | [.Key, .UploadId] | @tsv' "$work/uploads" >"$work/unfinished"
  while IFS=$'\t' read -r key id; do
    amazon s3api abort-multipart-upload --bucket "$1" --key "$key" --upload-id "$id" --expected-bucket-owner "$account" </dev/null
  done <"$work/unfinished"
}

# remove_bucket NAME, if it is there, and looks whether it is gone.
remove_bucket() {
  has_bucket "$1" || return 0
  empty_bucket "$1"
  amazon s3api delete-bucket --bucket "$1" --expected-bucket-owner "$account"
  ! has_bucket "$1" || stop "AWS says that the bucket $1 is still there."
}

# remove_stack removes the stack and what it left, and looks whether all of it is gone. What it consists of is noted first, so that
# a run after one that broke off still knows.
remove_stack() {
  local tries=3 kind name
  touched=yes
  if [ "$status" != none ]; then
    amazon cloudformation list-stack-resources --stack-name "$stack" >"$work/resources"
    left=$(jq -r --arg left "$left" '[($left | split(" ")[]), (.StackResourceSummaries[] | select(.PhysicalResourceId // "" != "")
      | ({"AWS::S3::Bucket": "bucket", "AWS::DynamoDB::Table": "table", "AWS::Logs::LogGroup": "log"}[.ResourceType] // empty) + "=" + .PhysicalResourceId)]
      | unique - [""] | join(" ")' "$work/resources")
    remember "left=$left"
  fi
  while [ "$status" != none ]; do
    [ "$tries" -gt 0 ] || stop "The stack $stack is still $status; look at its events."
    tries=$((tries - 1))
    for name in $left; do
      # Buckets go with the stack once they are empty.
      if [ "${name%%=*}" = bucket ] && has_bucket "${name#*=}"; then
        amazon s3api delete-bucket-policy --bucket "${name#*=}" --expected-bucket-owner "$account"
        empty_bucket "${name#*=}"
      fi
    done
    amazon cloudformation delete-stack --stack-name "$stack"
    await_stack
  done
  for name in $left; do
    kind=${name%%=*} name=${name#*=}
    case $kind in
      bucket) remove_bucket "$name" ;;
      table)
        ! known ResourceNotFoundException dynamodb describe-table --table-name "$name" ||
          { amazon dynamodb delete-table --table-name "$name" >/dev/null && await 5 "the table $name is still there" gone_table "$name"; }
        ;;
      log) ! known ResourceNotFoundException logs delete-log-group --log-group-name "$name" || say "   The log group $name had been left." ;;
    esac
  done
  # Without a time in which it could be restored: nothing that it signs is left, and the next stamp needs its name.
  known 'ResourceNotFoundException' secretsmanager delete-secret --secret-id "$stack-signing-key" --force-delete-without-recovery || true
  exists=false
}
gone_table() {
  local code=0
  answered ResourceNotFoundException dynamodb describe-table --table-name "$1" || code=$?
  [ "$code" = 1 ]
}
