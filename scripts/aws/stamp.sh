# shellcheck shell=bash
# Sourced by the scripts of this folder: how AWS is asked, what the stamp of a region is called, and what is known of it.
# Each is started with REGION=… and reads the region's parameter file.

# Variables are for the scripts that source this file, and $ in filters is jq's.
# shellcheck disable=SC2034,SC2016,SC2154

# shellcheck source=scripts/stamp/console.sh
. scripts/stamp/console.sh
# shellcheck source=scripts/stamp/service.sh
. scripts/stamp/service.sh
account='' stack='' code=''        # number of the account; names of the stack and of the bucket for packages
email='' processed='' unprocessed='' # what the region's file and the template's defaults say
exists='' status='' state='' proven='' saved='' previous_version='' left='' # the stamp, and what is remembered of it
bucket='' secret=''                # of the stack: documents, signing key
started=0                          # how often its functions were told to start again
private_key=''                     # a signing key, until it is in the secret
template=()                        # which template a change set is made from
zip=dist/lethe-lambda.zip

# amazon COMMAND…: asks AWS in the region of the stamp.
amazon() { aws "$@" --region "$REGION" --output json --no-cli-pager; }

# answered PATTERN COMMAND…: 0 if what is asked for exists, with the answer in the file known; 1 if it does not, for which PATTERN is
# AWS's word; 2 if AWS did not say.
answered() {
  local pattern=$1
  shift
  ! amazon "$@" >"$work/known" 2>"$work/complaint" || return 0
  ! grep -q "$pattern" "$work/complaint" || return 1
  return 2
}

# known PATTERN COMMAND…: whether what is asked for exists. It ends the script if AWS does not say.
known() {
  local code=0
  answered "$@" || code=$?
  [ "$code" != 2 ] || unanswered
  return "$code"
}
unanswered() {
  cat "$work/complaint" >&2
  exit 1
}

regions() {
  local file names=()
  for file in infra/aws/regions/*.json; do names+=("$(basename "$file" .json)"); done
  local IFS='|'
  printf '%s' "${names[*]}" | sed 's/|/ | /g'
}

# read_parameters sets what the region's file, the environment and the template's defaults say. The file has the form that
# aws takes. Whether a value is allowed is for CloudFormation to say, when it is asked what would change.
read_parameters() {
  local file=infra/aws/regions/${REGION:-}.json
  [ -n "${REGION:-}" ] || refuse "REGION is missing; expected: $(regions). Example: REGION=eu-central-1"
  [ -f "$file" ] || refuse "REGION is '$REGION'; expected: $(regions). Example: REGION=eu-central-1. A further region is one more file: infra/aws/regions/NAME.json"
  jq -e 'type == "array" and all(.[]; type == "object" and (.ParameterKey | type) == "string" and (.ParameterValue | type) == "string")' "$file" >/dev/null 2>&1 ||
    refuse "$file is no list of parameters; expected: [{\"ParameterKey\": \"Region\", \"ParameterValue\": \"$REGION\"}, …], values in quotes"
  template_parameters >"$work/template"
  jq --arg region "$REGION" --arg email "${ALERT_EMAIL:-}" --slurpfile template "$work/template" -f scripts/aws/parameters.jq "$file" >"$work/read"
  learn '@sh "problems=(\(.errors)) email=\(.effective.AlertEmail // "") processed=\(.effective.ProcessedHours) unprocessed=\(.effective.UnprocessedHours)"' "$work/read"
  [ ${#problems[@]} = 0 ] || refuse "${problems[@]/#/$file: }"
}

# template_parameters prints the names of the template's parameters with their defaults, one JSON object a line.
template_parameters() {
  awk '
    /^[A-Za-z]/ { inside = $1 == "Parameters:" }
    inside && /^  [A-Za-z0-9]+:$/ { if (name) print "{\"name\":\"" name "\"}"; name = $1; sub(":", "", name) }
    inside && /^    Default: / { value = substr($0, 14); gsub(/^'\''|'\''$/, "", value); print "{\"name\":\"" name "\",\"default\":\"" value "\"}"; name = "" }
    !inside && name { print "{\"name\":\"" name "\"}"; name = "" }
  ' infra/aws/stamp.yaml
}

# sign_in sets the account, which must be the one named by ACCOUNT if one is, and the names of the stamp.
sign_in() {
  local who
  amazon sts get-caller-identity >"$work/account" ||
    stop "aws has no valid credentials for $REGION, or the account has not enabled this region." "sign in (aws sso login, or AWS_PROFILE=…), enable the region if it is off, and run the same command again"
  learn '@sh "account=\(.Account) who=\(.Arn)"' "$work/account"
  say "Account: $account, as $who"
  [ "${ACCOUNT:-$account}" = "$account" ] || refuse "the account is $account; expected: the ACCOUNT you gave, $ACCOUNT. Example: AWS_PROFILE=…"
  stack=lethe-$REGION
  code=lethe-code-$account-$REGION
  kept=${STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/lethe}/$stack
  logs="the log group /aws/lambda/$stack"
}

# has_bucket NAME: whether the account has it.
has_bucket() {
  ! known '(40[34])' s3api head-bucket --bucket "$1" --expected-bucket-owner "$account" || return 0
  ! grep -q '(403)' "$work/complaint" || refuse "the bucket $1 is somebody else's, or you may not look at it; expected: one of account $account, or none. Example: aws s3api head-bucket --bucket $1"
  return 1
}

# read_stamp sets what is known of the stamp: from the stack, and from the object stamp.json in the bucket for packages, which
# is the scripts' memory, the same from every machine.
read_stamp() {
  local whose=lethe
  exists=false
  echo '{}' >"$work/memory"
  if has_bucket "$code"; then
    ! known 'NoSuchKey\|(404)' s3api get-object --bucket "$code" --key stamp.json --expected-bucket-owner "$account" "$work/memory.part" ||
      mv "$work/memory.part" "$work/memory"
  fi
  learn '@sh "state=\(.state // "") proven=\(.package // "") saved=\(.ledger // "") public_key=\(."signing-key" // "")
    next_key=\(."next-key" // "") previous_version=\(."previous-version" // "") left=\(.left // "")"' "$work/memory"
  read_stack
}

# read_stack sets the status of the stack, and where the program is.
read_stack() { look_at_stack || unanswered; }

# look_at_stack fails if AWS does not say.
look_at_stack() {
  local whose=lethe code=0
  answered 'does not exist' cloudformation describe-stacks --stack-name "$stack" || code=$?
  [ "$code" != 2 ] || return 1
  status=none exists=false bootstrap_app='' bootstrap_hash=''
  [ "$code" = 0 ] || return 0
  learn '.Stacks[0] | (.Parameters // [] | map({key: .ParameterKey, value: .ParameterValue}) | from_entries) as $given
    | (.Outputs // [] | map({key: .OutputKey, value: .OutputValue}) | from_entries) as $out
    | @sh "status=\(.StackStatus) whose=\([.Tags[]? | select(.Key == "workload").Value][0] // "")
      bootstrap_app=\($given.BootstrapApp // "") bootstrap_hash=\($given.BootstrapHash // "") started=\($given.Started // 0)
      endpoint=\($out.ApiUrl // "" | rtrimstr("/")) bucket=\($out.Bucket // "") secret=\($out.SigningKeySecretArn // "")"' "$work/known"
  [ "$whose" = lethe ] || refuse "the stack $stack exists and is not a stamp of this installation; expected: a name that is free"
  case $status in
    # Nothing is in it, or only what a creation left that failed.
    REVIEW_IN_PROGRESS | ROLLBACK_COMPLETE | ROLLBACK_FAILED | CREATE_FAILED | DELETE_*) bootstrap_app='' ;;
    *) exists=true ;;
  esac
}

# remember NAME=VALUE…
remember() {
  jq '. + ([$ARGS.positional[] | capture("^(?<key>[^=]+)=(?<value>.*)$"; "s")] | from_entries)' "$work/memory" --args "$@" >"$work/memory.part"
  mv "$work/memory.part" "$work/memory"
  amazon s3api put-object --bucket "$code" --key stamp.json --body "$work/memory" --content-type application/json --expected-bucket-owner "$account" >/dev/null
}

# key_of HASH: the key of a package in the bucket for packages.
key_of() { printf 'lethe-%s.zip' "${1:0:12}"; }

# secret_version LABEL prints the version of the signing key that has this label, or nothing. The key itself is not read:
# nobody needs to.
secret_version() {
  amazon secretsmanager list-secret-version-ids --secret-id "$secret" >"$work/versions"
  jq -r --arg stage "$1" '.Versions[]? | select(.VersionStages // [] | index([$stage])).VersionId' "$work/versions"
}

# put_key PRIVATE: writes a version of the signing key. It goes to aws by standard input: it is no argument, and no file.
put_key() {
  printf %s "$1" | amazon secretsmanager put-secret-value --secret-id "$secret" --secret-string file:///dev/stdin >/dev/null
}

# make_key makes a signing key: private_key and public_key. It is in no file and no argument of a program.
make_key() {
  local both
  both=$("$lethe" keygen "$stack" -)
  private_key=${both%%$'\n'*} public_key=${both#*$'\n'}
}
