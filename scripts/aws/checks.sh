# shellcheck shell=bash
# Sourced after stamp.sh: checks everything that can be checked before anything is changed. Problems are collected, so that
# one run reports them all.
# What is used is set by stamp.sh; $ in filters is jq's.
# shellcheck disable=SC2016,SC2034,SC2154

# Debian's, which knows every command that the scripts use.
oldest_aws=2.9.0

check_tools() { need_tools 'apt-get install awscli jq curl unzip' aws jq curl unzip awk sha256sum base64 od; }

check_aws() {
  local have
  have=$(aws --version 2>&1) && have=${have#aws-cli/} && have=${have%% *}
  [ "$(printf '%s\n' "$oldest_aws" "$have" | sort -V | head -n 1)" = "$oldest_aws" ] ||
    refuse "aws ($(type -P aws)) is version $have; expected: $oldest_aws or newer, first in PATH. Example: apt-get install awscli"
  # The history of aws is a file in which every argument and request stands, a signing key included.
  [ "$(aws configure get cli_history 2>/dev/null)" != enabled ] ||
    problem "aws writes every request to a file (cli_history); expected: not while a signing key is made. Example: aws configure set cli_history disabled"
}

# check_package sets the package's hash and version.
check_package() {
  hash_package "$zip"
  holds_functions ||
    refuse "$zip holds no functions; expected: a package with bootstrap and tessdata. Example: make package"
  choose_program "$zip" bootstrap
  name_version "$zip"
}

holds_functions() {
  unzip -Z1 "$zip" >"$work/entries" && grep -qx bootstrap "$work/entries" && grep -q '^tessdata/.*\.traineddata$' "$work/entries"
}

# check_account: what would make a new stamp fail only after minutes.
check_account() {
  local need=0 line
  [ -n "$email" ] || [ "$exists" = true ] ||
    problem "AlertEmail is missing: nobody would hear of alarms; expected: an address. Example: ALERT_EMAIL=operations@example.org"
  [ "$status" = none ] || [ "$status" = REVIEW_IN_PROGRESS ] || return 0
  amazon lambda get-account-settings >"$work/limits"
  jq -r --slurpfile limits "$work/limits" '.effective | select(.ReserveConcurrency == "true")
    | ((.ApiConcurrency | tonumber) + 2 * (.OcrConcurrency | tonumber) + 4 + (if .Webhooks == "true" then 5 else 0 end)) as $need | $limits[0].AccountLimit as $has
    | ($has.UnreservedConcurrentExecutions // $has.ConcurrentExecutions) as $free | select($free - $need < 100)
    | "this account has \($free) concurrent executions free in the region and must keep 100; the stamp sets \($need) aside; expected: \($need + 100) or more. Example: ask for more in Service Quotas, or {\"ParameterKey\": \"ReserveConcurrency\", \"ParameterValue\": \"false\"}"' "$work/read" >"$work/found"
  while IFS= read -r line; do problem "$line"; done <"$work/found"
  ! has_bucket "$stack-$account" ||
    problem "the bucket $stack-$account exists and belongs to no stack; expected: a name that is free. Example: empty and remove it, if nobody needs what is in it"
}

# check_idle refuses what another script has not ended. Those that may go on are the arguments.
check_idle() {
  local allowed
  for allowed; do [ "$state" != "$allowed" ] || return 0; done
  case $state in
    closing) refuse "this stamp is being removed; finish that first. Example: make destroy CLOUD=aws REGION=$REGION" ;;
    rotating) refuse "the signing key of this stamp is being replaced; finish that first. Example: make rotate-key CLOUD=aws REGION=$REGION" ;;
    upgrading) refuse "an upgrade of this stamp has not ended; finish that first. Example: make upgrade CLOUD=aws REGION=$REGION" ;;
    *) refuse "there is no finished stamp in $REGION (${state:-none}); expected: one that make deploy has finished. Example: make deploy CLOUD=aws REGION=$REGION" ;;
  esac
}

# look_at_stamp: the doctor asks AWS whether anything keeps what is erased. Nothing is taken in before.
look_at_stamp() {
  step 'checking the stamp from outside'
  if ! "$lethe" doctor --help >/dev/null 2>&1; then
    say "   skipped: lethe doctor runs on Linux only"
    return 0
  fi
  aws_doctor || stop "The stamp is misconfigured; the remedies are above." "undo what changed it and run the same command again"
}

# aws_doctor lets the program ask AWS with the rights of whoever runs this. Credentials are in no argument and no file.
aws_doctor() {
  local text credentials
  text=$(aws configure export-credentials --format env-no-export)
  mapfile -t credentials <<<"$text"
  (
    unset LETHE_SECRET
    export "${credentials[@]}"
    "$lethe" doctor --aws --stack "$stack"
  )
}

# check_role: keys of a person, which never end, deploy no stamp. The doctor takes none either.
check_role() {
  local text
  text=$(aws configure export-credentials --format env-no-export)
  case $text in
    *AWS_SESSION_TOKEN=*) ;;
    *) problem "the credentials are keys that never end; expected: those of a role. Example: aws sso login, or AWS_PROFILE= with a role_arn" ;;
  esac
}
