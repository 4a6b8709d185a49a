# shellcheck shell=bash
# Sourced by the scripts of every cloud: how they speak, ask, wait and stop.

# Variables are for the scripts that source this file.
# shellcheck disable=SC2034

umask 077
doing='the start'                  # for the message if it stops there
again='run the same command again' # how to go on
touched=no                         # whether anything was changed yet
work=$(mktemp -d)                  # gone when the script ends
problems=()                        # everything that is wrong with what was given

say() { printf '%s\n' "$*"; }

# step WHAT: names what is being done, for people and for the message if it stops there.
step() {
  doing=$1
  printf '\n== %s\n' "$1"
}

# stop REASON [HOW TO GO ON]
stop() {
  printf '\n%s\n' "$1" >&2
  again=${2:-$again}
  exit 1
}

# refuse PROBLEM…: says everything that is wrong at once.
refuse() {
  {
    printf '\nRefused:\n'
    printf '  - %s\n' "$@"
  } >&2
  again="fix this and run the same command again"
  exit 2
}

# problem TEXT: to be refused with everything else that is wrong, so that one run reports it all.
problem() { problems+=("$*"); }

refuse_problems() { [ ${#problems[@]} = 0 ] || refuse "${problems[@]}"; }

# ended is run however a script ends. A script that is killed leaves what it has done, and the next run finds it.
ended() {
  local code=$?
  trap - EXIT
  rm -rf "$work"
  [ "$code" != 0 ] || exit 0
  {
    printf '\nStopped at: %s.\n' "$doing"
    [ "$touched" = yes ] || printf 'Nothing was changed.\n'
    printf 'To go on: %s.\n' "$again"
  } >&2
  exit "$code"
}
trap ended EXIT
trap 'exit 130' INT TERM

# attempt TIMES SECONDS COMMAND…: what a cloud sometimes refuses at first, such as a role that is minutes old.
attempt() {
  local left=$1 pause=$2
  shift 2
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    say "   that did not work; trying again in $pause seconds" >&2
    sleep "$pause"
  done
}

# await MINUTES WHAT COMMAND…: waits until the command succeeds, and asks sixty times.
await() {
  local tries=60 pause=$1 what=$2
  shift 2
  until "$@" 2>"$work/complaint"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || {
      cat "$work/complaint" >&2
      stop "Gave up waiting: $what."
    }
    sleep "$pause"
  done
}

# confirm QUESTION ANSWER
confirm() {
  local answer=
  [ "${YES:-}" != 1 ] || return 0
  printf '\n%s Type %s to go on: ' "$1" "$2"
  read -r answer || true
  [ "$answer" = "$2" ]
}

# learn FILTER FILE [ARGUMENTS]: sets the variables that a jq filter writes as assignments, with values quoted by @sh.
learn() {
  local filter=$1 file=$2
  shift 2
  jq -r "$@" "$filter" "$file" >"$work/facts"
  # shellcheck source=/dev/null
  . "$work/facts"
}

# need_tools HINT TOOL…
need_tools() {
  local tool hint=$1 missing=()
  shift
  for tool in "$@"; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [ ${#missing[@]} = 0 ] || refuse "missing programs: ${missing[*]}. Example: $hint"
}
