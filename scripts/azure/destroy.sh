#!/usr/bin/env bash
# Takes a stamp down without leaving a document behind: closes intake, lets the program erase what is left, saves the ledger
# and the receipts, and only then removes the group. Usage: make destroy REGION=westeurope
#   LETHE_SECRET=…        secret of the first application, or of the one in LETHE_APP; or SECRET_FILE=path
#   STATE_DIR=path        where ledger and receipts are kept; ~/.local/state/lethe if not given
#   LOSE_LEDGER=1         the stamp cannot answer any more: remove it without its ledger
#   SUBSCRIPTION=, YES=1  as for make deploy
set -Eeuo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/azure/stamp.sh
. scripts/azure/stamp.sh
# shellcheck source=scripts/azure/checks.sh
. scripts/azure/checks.sh
# shellcheck source=scripts/azure/rollout.sh
. scripts/azure/rollout.sh
again="run make destroy REGION=${REGION:-…} again; what is done is not done twice"

step 'checking everything before changing anything'
check_tools
export ALERT_EMAIL=${ALERT_EMAIL:-nobody@example.org} # nothing is deployed
read_parameters
check_az
sign_in
name_things
choose_program dist/lethe.zip lethe
read_group

# A vault's name stays taken until it is purged. Where purging is forbidden, it ends by itself.
purge_vault() {
  local gone for_good
  azure keyvault list-deleted --resource-type vault >"$work/deleted"
  # shellcheck disable=SC2016 # jq's
  learn '[.[] | select(.name == $name)] | @sh "gone=\(. != []) for_good=\(any(.[]; .properties.purgeProtectionEnabled == true))"' \
    "$work/deleted" --arg name "$vault"
  [ "$gone" = true ] || return 0
  if [ "$for_good" = true ]; then
    say "   The vault $vault is protected: it holds its name, and its keys for recovery, for 7 more days."
    return 0
  fi
  step 'purging the vault'
  touched=yes
  azure keyvault purge --name "$vault" --location "$REGION" >/dev/null
}

if [ "$exists" != true ]; then
  purge_vault
  say "There is no stamp in $REGION. Nothing is left to do."
  exit 0
fi

serving=false
if [ "$has_app" = true ]; then
  azure functionapp function list --resource-group "$group" --name "$app" >"$work/loaded"
  serving=$(jq '. != []' "$work/loaded")
fi
finish=no
if [ "${LOSE_LEDGER:-}" = 1 ] || [ "$saved" = saved ]; then
  finish=yes
elif [ "$serving" = true ]; then
  check_inside
  read_settings
  need_secret
elif [ -n "$proven" ]; then
  problem "the stamp does not answer, so its documents cannot be erased and its ledger cannot be saved; expected: one that answers. Example: REOPEN=1 make deploy REGION=$REGION, or LOSE_LEDGER=1 make destroy REGION=$REGION to remove it as it is"
else
  finish=yes # nothing was ever taken in
fi
refuse_problems

say "This removes $group with everything in it. Documents in progress are erased, not finished."
if [ "$finish" = yes ]; then
  [ "${LOSE_LEDGER:-}" != 1 ] || say 'The ledger is lost with it, and what the program has not erased can be restored by the owner of the subscription for 14 days.'
else
  say "Ledger and receipts are saved in $kept first."
fi
confirm "Remove the stamp of $REGION?" "$group" || stop 'Not confirmed.' "run make destroy REGION=$REGION again and type the group's name, or set YES=1"

step 'marking the stamp as being removed'
touched=yes
remember state=closing

# The shortest retention that the program accepts: whatever is left is due at the next sweep.
close_intake() {
  step 'closing intake'
  azure functionapp config appsettings set --resource-group "$group" --name "$app" --settings LETHE_INTAKE=closed \
    LETHE_RETAIN_PROCESSED=2m LETHE_RETAIN_UNPROCESSED=2m LETHE_RETAIN_MARGIN=1m LETHE_FULL_PASS_INTERVAL=1m >/dev/null
  await 15 'the program has not closed intake' closed
}

if [ "$finish" = no ]; then
  close_intake
  await_emptied
  keep_ledger
  remember ledger=saved
fi

step "removing the group $group (minutes)"
azure group delete --name "$group" --yes >/dev/null
exists=$(azure group exists --name "$group")
[ "$exists" = false ] || stop "Azure says that the group is still there."
purge_vault

say
say "The stamp of $REGION is removed."
say_kept
say 'Its logs can be restored for 14 days by whoever may make the workspace again; then they are gone too.'
