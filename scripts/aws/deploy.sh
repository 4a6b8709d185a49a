#!/usr/bin/env bash
# Makes the stamp of a region, or goes on where an earlier run stopped. Usage: make deploy CLOUD=aws REGION=eu-central-1
#   ACCOUNT=number       refuse every other account
#   ALERT_EMAIL=address  whom alarms are sent to; if not given, whom they were sent to so far
#   YES=1                do not ask
#   SECRET_FILE=path     write the first application's secret there instead of showing it; read it from there again
#   LETHE_SECRET=…       the secret shown by an earlier run, to go on after it
#   NEW_ADMIN=1          the secret is lost: make another first application
#   REOPEN=1             open a stamp again that make destroy has closed
#   ACCEPT_CHANGES=names what may be removed or replaced, by its name in the template
set -Eeuo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/aws/stamp.sh
. scripts/aws/stamp.sh
# shellcheck source=scripts/aws/checks.sh
. scripts/aws/checks.sh
# shellcheck source=scripts/aws/stack.sh
. scripts/aws/stack.sh
again="run make deploy CLOUD=aws REGION=${REGION:-…} again"

step 'checking everything before changing anything'
check_tools
read_parameters
check_aws
sign_in
check_package
read_stamp
case $state in
  closing) [ "${REOPEN:-}" = 1 ] || refuse "this stamp is being removed; finish that first. Example: make destroy CLOUD=aws REGION=$REGION, or REOPEN=1 make deploy CLOUD=aws REGION=$REGION to keep it" ;;
  removing) refuse "this stamp is half removed; finish that first. Example: make destroy CLOUD=aws REGION=$REGION" ;;
  rotating | upgrading) check_idle ;;
esac
if [ -n "$proven" ] && [ "$proven" != "$package" ]; then
  [ "$state" != ready ] || refuse "this stamp runs another package ($proven); expected: the same one. Example: make upgrade CLOUD=aws REGION=$REGION, which can go back"
  refuse "this stamp is to be finished with the package $proven; expected: that one. Example: aws s3api get-object --region $REGION --bucket $code --key $(key_of "$proven") $zip"
fi
settle
check_account
check_role
[ "${NEW_ADMIN:-}" != 1 ] || bootstrap_app=''
[ -z "$bootstrap_app" ] || need_first_secret "make deploy CLOUD=aws REGION=$REGION"
refuse_problems
say "Region: $REGION. Stack: $stack. Packages: $code"

clear_failed
step 'uploading what the stack is made from'
make_code
put_package "$zip" "$package"
put_template
if [ -z "$bootstrap_app" ]; then
  new_application=yes
  invent_application
fi
write_parameters "$(key_of "$package")"
show_changes
if ! confirm "Deploy this to $REGION?" yes; then
  [ "$changes" = no ] || drop_changes
  stop 'Not confirmed.' "run make deploy CLOUD=aws REGION=$REGION again and confirm, or set YES=1"
fi

step 'marking the stamp as unfinished'
touched=yes
remember state=deploying ledger=
if [ "$new_application" = yes ]; then
  step 'making the first application'
  show_application AWS
fi

step 'deploying the stack (about five minutes the first time)'
apply_changes || stop "The stack $stack is $status; the reasons are above." "put right what they name and run the same command again"
read_stack
[ -n "$endpoint$bucket$secret" ] ||
  stop "The stack $stack does not say where the program is: template and scripts are of different versions." "check out both from one version and run the same command again"
read_secret

have_key=$(secret_version AWSCURRENT)
if [ -z "$have_key" ]; then
  step 'making the key that signs receipts'
  make_key
  # Before the key: should this break off after it is in the secret, this is still its public half.
  remember "signing-key=$public_key" keyed=
  put_key "$private_key"
  private_key=
fi
if [ "$(jq -r '.keyed // ""' "$work/memory")" != yes ]; then
  step 'starting the functions with the key'
  restart_functions
  remember keyed=yes
fi

look_at_stamp
step "waiting until version $version answers"
await_version "$version"
try_out

step 'marking the stamp as finished'
remember state=ready "package=$package" "version=$version"

cat <<DONE

The stamp of $REGION is ready.
   endpoint      $endpoint
   application   $LETHE_APP (every scope: keep its secret for operators)
   public key    $public_key
   alarms go to  ${email:-the address of before}; the first mail asks to confirm it
Next:
   export LETHE_URL=$endpoint LETHE_APP=$LETHE_APP LETHE_SECRET=…
   lethe submit scan.pdf
   give each client an application of its own at $endpoint/v1/applications, and customers the public key
   make upgrade, make rotate-key, make destroy with CLOUD=aws REGION=$REGION; infra/README.md says when
DONE
