#!/usr/bin/env bash
# Replaces the key that signs receipts and the ledger, without anybody reading either key. First the program has both keys, so
# that the old one cross-signs the new one in the ledger; then it gives up the old one. Usage: make rotate-key CLOUD=aws REGION=…
#   LETHE_SECRET=…        secret of the first application, or of the one in LETHE_APP; or SECRET_FILE=path
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
again="run make rotate-key CLOUD=aws REGION=${REGION:-…} again; it goes on with the key that was begun"

step 'checking everything before changing anything'
check_tools
read_parameters
check_aws
sign_in
choose_program "$zip" bootstrap
read_stamp
check_idle ready rotating
need_secret
current=$(secret_version AWSCURRENT)
[ -n "$current" ] || problem "the secret of $stack holds no signing key; expected: a stamp with one. Example: make deploy CLOUD=aws REGION=$REGION"
refuse_problems
confirm "Replace the signing key of $REGION? The functions start again twice, and the stack stays as it is otherwise." yes ||
  stop 'Not confirmed.' "run make rotate-key CLOUD=aws REGION=$REGION again and confirm, or set YES=1"
settle

step 'making the new key'
touched=yes
previous_version=${previous_version:-$current}
if [ "$current" = "$previous_version" ]; then
  # Noted before it is in the secret: whoever goes on knows which key the ledger must name, and which one cross-signs it.
  make_key
  next_key=$public_key
  remember state=rotating "previous-version=$previous_version" "next-key=$next_key"
  put_key "$private_key"
  private_key=
else
  say '   It is in the secret already.'
fi

step 'waiting until the old key has cross-signed the new one in the ledger'
restart_functions
await_vouched
await_resealed

step 'removing the old key'
old=$(secret_version AWSPREVIOUS)
# A version without a label is removed by AWS.
[ -z "$old" ] || amazon secretsmanager update-secret-version-stage --secret-id "$secret" --version-stage AWSPREVIOUS --remove-from-version-id "$old" >/dev/null
restart_functions
await_ready
try_out

keep_keys
step 'marking the stamp as finished'
remember state=ready "signing-key=$next_key" next-key= previous-version=
say
say "The signing key of $REGION is replaced. All public keys, oldest first, are in $kept/keys; the one in use is"
say "   $next_key"
say 'Receipts of before stay valid with their own key.'
