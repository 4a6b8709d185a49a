#!/usr/bin/env bash
# Makes the stamp of a region, or goes on where an earlier run stopped. Usage: make deploy REGION=westeurope
#   SUBSCRIPTION=name    another subscription than the one az has chosen
#   YES=1                do not ask
#   SECRET_FILE=path     write the first application's secret there instead of showing it; read it from there again
#   LETHE_SECRET=…       the secret shown by an earlier run, to go on after it
#   NEW_ADMIN=1          the secret is lost: make another first application
#   REOPEN=1             open a stamp again that make destroy has closed
set -Eeuo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/azure/stamp.sh
. scripts/azure/stamp.sh
# shellcheck source=scripts/azure/checks.sh
. scripts/azure/checks.sh
# shellcheck source=scripts/azure/rollout.sh
. scripts/azure/rollout.sh
again="run make deploy REGION=${REGION:-…} again"

step 'checking everything before changing anything'
check_tools
read_parameters
check_az
sign_in
name_things
check_package
read_group
case $state in
  closing) [ "${REOPEN:-}" = 1 ] || refuse "this stamp is being removed; finish that first. Example: make destroy REGION=$REGION, or REOPEN=1 make deploy REGION=$REGION to keep it" ;;
  rotating) refuse "the signing key of this stamp is being replaced; finish that first. Example: make rotate-key REGION=$REGION" ;;
  upgrading) refuse "an upgrade of this stamp has not ended; finish that first. Example: make upgrade REGION=$REGION" ;;
esac
if [ -n "$proven" ] && [ "$proven" != "$package" ]; then
  [ "$state" != ready ] || refuse "this stamp runs another package ($proven); expected: the same one. Example: make upgrade REGION=$REGION, which can go back"
  refuse "this stamp is to be finished with the package $proven; expected: that one. Example: cp $kept/packages/$proven.zip dist/lethe.zip"
fi
check_all
have_key=''
if [ "$has_app" = true ]; then read_settings; fi
if [ "$exists" = true ]; then have_key=$(secret_version); fi
[ "${NEW_ADMIN:-}" != 1 ] || bootstrap_app=''
[ -z "$bootstrap_app" ] || need_first_secret "make deploy REGION=$REGION"
refuse_problems
say "Region: $REGION. Resource group: $group. Endpoint: $endpoint"

made=no
if [ "$exists" != true ]; then
  step "making the empty group $group, which the comparison needs"
  touched=yes
  azure group create --name "$group" --location "$REGION" --tags "workload=$workload" "env=$env" "region=$REGION" "owner=$owner" data-class=confidential state=deploying >/dev/null
  made=yes
fi
show_changes
if ! confirm "Deploy this to $REGION?" yes; then
  if [ "$made" = yes ]; then
    azure group delete --name "$group" --yes >/dev/null
    touched=no
  fi
  stop 'Not confirmed.' "run make deploy REGION=$REGION again and confirm, or set YES=1"
fi

step 'marking the stamp as unfinished'
touched=yes
remember state=deploying ledger=

if [ -z "$bootstrap_app" ]; then
  step 'making the first application'
  invent_application
  show_application Azure
fi
read_secret

if [ -z "$have_key" ]; then
  step 'making the key that signs receipts'
  public_key=$(make_key)
  # Before the key: should the deployment break off after it is in the vault, this is still its public half.
  remember "signing-key=$public_key"
fi
put_stamp
rm -f "$work/signing.key"
look_at_stamp
if [ "$private" = true ] && ! inside; then
  stop "The network vnet-$base is made. The package and the test need a machine inside it, and this one is not." \
    "join vnet-$base (peering, VPN or a machine in it) and there run LETHE_SECRET=… make deploy REGION=$REGION"
fi
put_package dist/lethe.zip
await_program "$version" "$functions"
put_events
try_out
keep_package dist/lethe.zip "$package"

step 'marking the stamp as finished'
remember state=ready "package=$package"

cat <<DONE

The stamp of $REGION is ready.
   endpoint      $endpoint
   application   $LETHE_APP (every scope: keep its secret for operators)
   public key    $public_key
   alerts go to  $email
Next:
   export LETHE_URL=$endpoint LETHE_APP=$LETHE_APP LETHE_SECRET=…
   lethe submit scan.pdf
   give each client an application of its own at $endpoint/v1/applications, and customers the public key
   make upgrade REGION=$REGION, make rotate-key REGION=$REGION, make destroy REGION=$REGION; infra/README.md says when
DONE
