#!/usr/bin/env bash
# Runs a script of the cloud that a stamp lies in. Usage: CLOUD=aws REGION=eu-central-1 scripts/stamp/run.sh deploy|upgrade|rotate-key|destroy
set -euo pipefail
cd "$(dirname "$0")/../.."

case ${CLOUD:=azure} in
  azure | aws) exec "scripts/$CLOUD/$1.sh" ;;
esac
printf "\nRefused:\n  - CLOUD is '%s'; expected: azure | aws. Example: make %s CLOUD=aws REGION=eu-central-1\n" "$CLOUD" "$1" >&2
exit 2
