#!/usr/bin/env bash
# Takes a stamp down without leaving a document behind: closes intake, lets the program erase what is left, saves the ledger
# and the receipts, and only then removes the stack. Usage: make destroy CLOUD=aws REGION=eu-central-1
#   LETHE_SECRET=…        secret of the first application, or of the one in LETHE_APP; or SECRET_FILE=path
#   STATE_DIR=path        where ledger and receipts are kept; ~/.local/state/lethe if not given
#   LOSE_LEDGER=1         the stamp cannot answer any more: remove it without its ledger
#   ACCOUNT=, YES=1       as for make deploy
set -Eeuo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/aws/stamp.sh
. scripts/aws/stamp.sh
# shellcheck source=scripts/aws/checks.sh
. scripts/aws/checks.sh
# shellcheck source=scripts/aws/stack.sh
. scripts/aws/stack.sh
again="run make destroy CLOUD=aws REGION=${REGION:-…} again; what is done is not done twice"

step 'checking everything before changing anything'
check_tools
read_parameters
check_aws
sign_in
choose_program "$zip" bootstrap
read_stamp

if [ "$status" = none ] && ! has_bucket "$code"; then
  say "There is no stamp in $REGION. Nothing is left to do."
  exit 0
fi

# holds PREFIX: whether the bucket for documents holds an object below it.
holds() {
  known NoSuchBucket s3api list-objects-v2 --bucket "$bucket" --prefix "$1" --max-items 1 --expected-bucket-owner "$account" || return 1
  grep -q '"Key"' "$work/known"
}

finish=no
if [ "${LOSE_LEDGER:-}" = 1 ] || [ "$saved" = saved ] || [ "$state" = removing ]; then
  finish=yes
elif [ -n "$endpoint" ] && [ "$(curl -sS -m 60 -o /dev/null -w '%{http_code}' "$endpoint/healthz" 2>/dev/null)" = 200 ]; then
  need_secret
elif [ -n "$proven" ] || { [ -n "$bucket" ] && holds ledger/; }; then # a stamp that was made in another way is not in the memory
  problem "the stamp does not answer, so its documents cannot be erased and its ledger cannot be saved; expected: one that answers. Example: REOPEN=1 make deploy CLOUD=aws REGION=$REGION, or LOSE_LEDGER=1 make destroy CLOUD=aws REGION=$REGION to remove it as it is"
else
  finish=yes # nothing was ever taken in
fi
refuse_problems

say "This removes $stack with everything in it, and $code. Documents in progress are erased, not finished."
if [ "$finish" = yes ]; then
  [ "${LOSE_LEDGER:-}" != 1 ] || say 'The ledger is lost with it.'
else
  say "Ledger and receipts are saved in $kept first."
fi
confirm "Remove the stamp of $REGION?" "$stack" || stop 'Not confirmed.' "run make destroy CLOUD=aws REGION=$REGION again and type the name of the stack, or set YES=1"
settle

step 'marking the stamp as being removed'
touched=yes
make_code # it may be all that is missing
[ "$state" = removing ] || remember state=closing

# The shortest retention that the program accepts: whatever is left is due at the next sweep. From here on tables can be removed.
close_intake() {
  step 'closing intake'
  change_stack Closing=true Protection=false
  await 15 'the program has not closed intake' closed
}

# look_into_bucket: besides what the program says of itself, the bucket says what it holds.
look_into_bucket() {
  local prefix
  for prefix in uploads/ work/ results/ deadletters/; do
    ! holds "$prefix" || stop "The bucket $bucket still holds something below $prefix." "look for sweep.failed in $logs and run the same command again"
  done
  amazon s3api list-multipart-uploads --bucket "$bucket" --expected-bucket-owner "$account" >"$work/uploads"
  ! grep -q '"UploadId"' "$work/uploads" || stop "The bucket $bucket still holds parts of an upload." "look for sweep.failed in $logs and run the same command again"
  say "   The bucket $bucket holds no document and no part of one."
}

if [ "$finish" = no ]; then
  close_intake
  await_emptied
  look_into_bucket
  keep_ledger
  remember ledger=saved
fi

step "removing the stack $stack (minutes)"
remember state=removing
if [ "$exists" = true ]; then change_stack Protection=false; fi
for function in api ocr requeue poison retention notify; do
  known ResourceNotFoundException lambda put-function-concurrency --function-name "$stack-$function" --reserved-concurrent-executions 0 || true
done
remove_stack
say "   The stack, its buckets, tables and logs and the signing key are gone."

step "removing the bucket $code"
remove_bucket "$code"

say
say "The stamp of $REGION is removed."
say_kept
say 'Its logs are gone with it. A key of your own (CustomerKey) waits 7 days for its end, as AWS demands.'
