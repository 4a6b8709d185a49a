#!/usr/bin/env bash
# Brings another package, and the template that belongs to it, to a stamp that is ready. If the package does not pass its
# test, the one before is restored. Usage: make upgrade REGION=westeurope
#   LETHE_SECRET=…        secret of the first application, or of the one in LETHE_APP; or SECRET_FILE=path
#   PREVIOUS=path         the package that runs now, if this machine has not kept it; none to upgrade with no way back
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
again="run make upgrade REGION=${REGION:-…} again; until then the stamp is marked as being upgraded"

step 'checking everything before changing anything'
check_tools
read_parameters
check_az
sign_in
name_things
check_package
read_group
case $state in
  ready | upgrading) ;;
  closing) refuse "this stamp is being removed; finish that first. Example: make destroy REGION=$REGION" ;;
  rotating) refuse "the signing key of this stamp is being replaced; finish that first. Example: make rotate-key REGION=$REGION" ;;
  *) refuse "there is no finished stamp in $REGION; expected: one that make deploy has finished. Example: make deploy REGION=$REGION" ;;
esac
if [ "$state" = ready ] && [ "$proven" = "$package" ]; then
  say "The stamp of $REGION runs this package already. Nothing to do."
  exit 0
fi
check_all
read_settings
need_secret
strategy=$(update_strategy)
[ "$strategy" = Recreate ] || problem "the app's update strategy is $strategy; expected: Recreate, as the template says: two versions never run at once. Example: make deploy REGION=$REGION with the package that runs now"

# The way back must be at hand before the first step.
previous=${PREVIOUS:-$kept/packages/$proven.zip}
[ "$proven" != "$package" ] || previous=dist/lethe.zip
if [ "$previous" != none ]; then
  found=$(sha256sum "$previous" 2>/dev/null | cut -d ' ' -f 1) || found=
  [ "$found" = "$proven" ] ||
    problem "PREVIOUS is $previous, which is not the package that runs now; expected: the one with SHA-256 $proven. Example: PREVIOUS=path/to/lethe.zip, or PREVIOUS=none to upgrade with no way back"
fi
refuse_problems
say "Update strategy: $strategy, all instances at once; what they work on is taken up again."
say "Way back: $previous"

show_changes
confirm "Upgrade $REGION to version $version?" yes || stop 'Not confirmed.' "run make upgrade REGION=$REGION again and confirm, or set YES=1"

step 'marking the stamp as being upgraded'
touched=yes
remember state=upgrading
put_stamp
look_at_stamp

# run_package FILE VERSION FUNCTIONS
run_package() {
  put_package "$1"
  await_program "$2" "$3"
  put_events
  try_out
}

# In a process of its own, so that what stops it does not stop the way back.
set +e
(
  set -e
  run_package dist/lethe.zip "$version" "$functions"
)
code=$?
set -e
[ "$code" -lt 128 ] || exit "$code"

if [ "$code" != 0 ]; then
  [ "$previous" != none ] || stop "The package did not pass, and there is no way back: PREVIOUS was none."
  again="put the previous package back with cp $previous dist/lethe.zip and run make upgrade REGION=$REGION again"
  step 'going back: the new package did not pass'
  unzip -p "$previous" lethe >"$work/previous"
  chmod 700 "$work/previous"
  old_version=$("$work/previous" version)
  old_functions=$(functions_in "$previous")
  run_package "$previous" "${old_version#lethe }" "$old_functions"
  remember state=ready
  stop "Version $version did not pass its test. The previous package, ${old_version#lethe }, serves again and has passed." \
    "find out why (the test's message is above, the program's in $logs) and upgrade with a package that is put right"
fi
keep_package dist/lethe.zip "$package"

step 'marking the stamp as finished'
remember state=ready "package=$package"
say
say "The stamp of $REGION is ready with version $version. The previous package is kept in $kept/packages."
