#!/usr/bin/env bash
# Takes a machine through the blocks of commands in README.md, in their order: a copy of this machine's files, in memory, booted with
# systemd. Nothing of this machine is changed. Exit code 77: it cannot be tried here, for the reason printed.
#
#   try.sh lethe.zip page.png Vandermeer      a word of the page that nothing else has
set -euo pipefail

cannot() { echo "cannot be tried here: $*"; exit 77; }

if [ "${INSIDE:-}" = "" ]; then
  [ "$(id -u)" = 0 ] || cannot "only root can boot a machine"
  for tool in systemd-nspawn unshare nsenter; do
    command -v "$tool" >/dev/null || cannot "there is no $tool (Debian: systemd-container)"
  done
  unshare --mount --pid --fork true 2>/dev/null || cannot "no namespaces"
  here=$(cd "$(dirname "$0")" && pwd)
  # Mounts and processes end with the namespaces, however this ends.
  INSIDE=1 exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$here/try.sh" "$(realpath "$1")" "$(realpath "$2")" "$3"
fi

package=$1 page=$2 word=$3
readme=$(dirname "$0")/README.md
work=$(mktemp -d)
trap 'umount -l "$work/m" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/m"
mount -t tmpfs -o size=3G tmpfs "$work/m"
mkdir "$work/m/upper" "$work/m/work" "$work/m/root"
mount -t overlay -o "lowerdir=/,upperdir=$work/m/upper,workdir=$work/m/work" overlay "$work/m/root" || cannot "no overlay file system"
root=$work/m/root

# The blocks, each after its heading. Blocks with a language are by hand.
awk '
  /^## / { heading = substr($0, 4) }
  /^```$/ && !by_hand { inside = !inside; if (inside) printf "echo; echo %s\n", "\"== " heading "\""; next }
  /^```/ { by_hand = !by_hand; next }
  inside { print }
' "$readme" >"$work/blocks"
grep -v '^apt-get ' "$work/blocks" >"$work/blocks.run"
packages=$(sed -n 's/^apt-get install -y //p' "$work/blocks")

# Packages come from outside: the machine has no network but its own.
missing=
for p in $packages; do
  chroot "$root" dpkg-query -s "$p" 2>/dev/null | grep -q '^Status: .* installed$' || missing+=" $p"
done
if [ -n "$missing" ]; then
  mount -t proc proc "$root/proc"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # start no service: this is not the machine yet
  chmod 755 "$root/usr/sbin/policy-rc.d"
  # shellcheck disable=SC2086 # a list
  chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@"' - $missing >"$work/apt" 2>&1 ||
    { tail -3 "$work/apt"; cannot "packages cannot be installed:$missing"; }
  rm "$root/usr/sbin/policy-rc.d"
  umount "$root/proc"
fi

cp "$package" "$root/root/lethe.zip"
cp "$page" "$root/root/page.png"
cp "$work/blocks.run" "$root/root/blocks"
rm -rf "$root/opt/lethe" "$root/var/lib/lethe" "$root/etc/lethe"
install -d "$root/etc/lethe/tls"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ocr.example.org -addext subjectAltName=DNS:ocr.example.org \
  -keyout "$root/etc/lethe/tls/key.pem" -out "$root/etc/lethe/tls/certificate.pem" 2>/dev/null
rm -f "$root/etc/resolv.conf"

systemd-nspawn -q -D "$root" --boot --private-network --keep-unit --register=no --machine=ocr --resolv-conf=off \
  systemd.unit=multi-user.target systemd.mask=postgresql.service </dev/null >"$work/boot" 2>&1 &
nspawn=$!
leader=
for _ in $(seq 600); do
  kill -0 $nspawn 2>/dev/null || { tail -5 "$work/boot"; cannot "no machine boots"; }
  leader=$(pgrep -P $nspawn -x systemd || true)
  [ -z "$leader" ] || ! grep -q 'Reached target.*multi-user' "$work/boot" || break
  sleep 0.2
done
machine() { nsenter -t "$leader" -m -u -i -n -p -C -- "$@"; }
machine systemctl --no-pager list-units >/dev/null || cannot "the machine did not boot"
machine sh -c 'echo 127.0.0.1 localhost ocr.example.org >/etc/hosts'

code=0
machine bash -c 'cd /root && set -euo pipefail && . ./blocks' || code=$?
if [ $code != 0 ]; then
  echo "== it ended with $code; the service's log:"
  machine journalctl -u lethe -o cat --no-pager | tail -20
  exit 1
fi

echo "== when it is over"
# shellcheck disable=SC2016 # the machine's shell expands it
machine bash -euo pipefail -c '
  systemd-analyze security --no-pager lethe.service | tail -1
  cd /root
  grep -qF "$0" -r results restored || { echo "the results have no $0"; exit 1; }
  ! grep -rlF "$0" /var/lib/lethe /var/cache/lethe /var/lib/nginx /var/log/nginx /var/log/journal /run /tmp/systemd-private-* || { echo "the page is left"; exit 1; }
  ! journalctl -o cat --no-pager | grep -nEe "lethe_[A-Za-z0-9_-]{20}" -e "page\\.png" || { echo "the journal holds a secret or a file name"; exit 1; }
' "$word"
kill -s SIGRTMIN+4 "$leader" 2>/dev/null || true # power off
