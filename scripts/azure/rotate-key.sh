#!/usr/bin/env bash
# Replaces the key that signs receipts and the ledger, without anybody reading either key. First both keys are given, so
# that the old one cross-signs the new one in the ledger; then the old one is removed. Usage: make rotate-key REGION=…
#   LETHE_SECRET=…        secret of the first application, or of the one in LETHE_APP; or SECRET_FILE=path
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
again="run make rotate-key REGION=${REGION:-…} again; it goes on with the key that was begun"

step 'checking everything before changing anything'
check_tools
read_parameters
check_az
sign_in
name_things
choose_program dist/lethe.zip lethe
read_group
case $state in
  ready | rotating) ;;
  *) refuse "the stamp of $REGION is ${state:-not there}; expected: one that is ready. Example: make deploy REGION=$REGION" ;;
esac
check_inside
read_settings
need_secret
version=$deployed # the package stays
current=$(secret_version)
[ -n "$current" ] || problem "the vault $vault holds no signing key; expected: a stamp with one. Example: make deploy REGION=$REGION"
refuse_problems

begun=$previous_key
previous_key=${begun:-$current}
show_changes
confirm "Replace the signing key of $REGION?" yes || stop 'Not confirmed.' "run make rotate-key REGION=$REGION again and confirm, or set YES=1"

step 'making the new key'
touched=yes
if [ "$current" = "$previous_key" ]; then
  # Noted before it is in the vault: whoever goes on knows which key the ledger must name, and which one cross-signs it.
  next_key=$(make_key)
  remember state=rotating "previous-key=$previous_key" "next-key=$next_key"
else
  say '   It is in the vault already.'
fi

put_stamp
rm -f "$work/signing.key"
step 'waiting until the old key has cross-signed the new one in the ledger'
azure rest --method post --url "$group_id/providers/Microsoft.Web/sites/$app/config/configreferences/appsettings/refresh?api-version=2022-03-01" >/dev/null
azure functionapp restart --resource-group "$group" --name "$app" >/dev/null
await_vouched
await_resealed

step 'removing the old key'
previous_key=
put_stamp
await_ready
try_out

keep_keys
step 'marking the stamp as finished'
remember state=ready "signing-key=$next_key" next-key= previous-key=
say
say "The signing key of $REGION is replaced. All public keys, oldest first, are in $kept/keys; the one in use is"
say "   $next_key"
say 'Receipts of before stay valid with their own key. Old versions of the secret stay in the vault until it is removed.'
