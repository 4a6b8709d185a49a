#!/usr/bin/env bash
# Brings another package, and the template that belongs to it, to a stamp that is ready. If the package does not pass its
# test, the one before is restored. Usage: make upgrade CLOUD=aws REGION=eu-central-1
#   LETHE_SECRET=…        secret of the first application, or of the one in LETHE_APP; or SECRET_FILE=path
#   PREVIOUS=none         upgrade although the package that runs now is lost, with no way back
#   ACCOUNT=, YES=1, ALERT_EMAIL=, ACCEPT_CHANGES=  as for make deploy
set -Eeuo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/aws/stamp.sh
. scripts/aws/stamp.sh
# shellcheck source=scripts/aws/checks.sh
. scripts/aws/checks.sh
# shellcheck source=scripts/aws/stack.sh
. scripts/aws/stack.sh
again="run make upgrade CLOUD=aws REGION=${REGION:-…} again; until then the stamp is marked as being upgraded"

step 'checking everything before changing anything'
check_tools
read_parameters
check_aws
sign_in
check_package
read_stamp
check_idle ready upgrading
if [ "$state" = ready ] && [ "$proven" = "$package" ]; then
  say "The stamp of $REGION runs this package already. Nothing to do."
  exit 0
fi
need_secret
check_role
# The way back must be at hand before the first step: the bucket keeps every package that passed.
old_key=$(key_of "$proven") old_version=$(jq -r '.version // ""' "$work/memory")
if [ "${PREVIOUS:-}" != none ]; then
  holds_package "$proven" ||
    problem "the bucket $code does not hold the package that runs now, $old_key; expected: the one with SHA-256 $proven. Example: aws s3api put-object --region $REGION --bucket $code --key $old_key --body path/to/lethe-lambda.zip --checksum-algorithm SHA256, or PREVIOUS=none to upgrade with no way back"
fi
refuse_problems
say "Way back: $([ "${PREVIOUS:-}" = none ] && echo none || echo "version $old_version, $old_key in $code")"

settle
step 'uploading what the stack is made from'
put_package "$zip" "$package"
put_template
write_parameters "$(key_of "$package")"
show_changes
if ! confirm "Upgrade $REGION to version $version?" yes; then
  [ "$changes" = no ] || drop_changes
  stop 'Not confirmed.' "run make upgrade CLOUD=aws REGION=$REGION again and confirm, or set YES=1"
fi

step 'marking the stamp as being upgraded'
touched=yes
remember state=upgrading

# run_package VERSION: executes what was asked for, and tests.
run_package() {
  step "bringing version $1 to the functions"
  apply_changes || stop "The stack $stack is $status; the reasons are above."
  look_at_stamp
  step "waiting until version $1 answers"
  await_version "$1"
  try_out
}

# In a process of its own, so that what stops it does not stop the way back.
set +e
(
  set -e
  run_package "$version"
)
code_of_run=$?
set -e
[ "$code_of_run" -lt 128 ] || exit "$code_of_run"

if [ "$code_of_run" != 0 ]; then
  [ "${PREVIOUS:-}" != none ] || stop "The package did not pass, and there is no way back: PREVIOUS was none."
  again="run make upgrade CLOUD=aws REGION=$REGION again with the previous package: aws s3api get-object --region $REGION --bucket $code --key $old_key $zip"
  step 'going back: the new package did not pass'
  read_stack
  settle
  # CloudFormation may have gone back by itself; then nothing is left to change.
  same_but "CodeKey=$old_key"
  ask_changes
  run_package "$old_version"
  remember state=ready
  stop "Version $version did not pass its test. The previous package, $old_version, serves again and has passed." \
    "find out why (the test's message is above, the program's in $logs) and upgrade with a package that is put right"
fi

step 'marking the stamp as finished'
remember state=ready "package=$package" "version=$version"
say
say "The stamp of $REGION is ready with version $version. The previous package is kept in $code."
