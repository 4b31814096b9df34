# shellcheck shell=bash
# Sourced by the host-side scripts: messages, installing missing tools, where things are.

GUEST_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck disable=SC2034 # used by the scripts that source this file
REPO_ROOT=$(cd "$GUEST_HOME/../.." && pwd -P)
CACHE=${BPFGUARD_CACHE:-/var/cache/bpfguard-test}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
    local status=$1
    shift
    say "$@"
    exit "$status"
}

# need PACKAGE:FILE...   Installs the packages whose FILE (a command, or an absolute path) is missing.
need() {
    local pair package missing=()
    for pair in "$@"; do
        package=${pair%%:*}
        have "${pair#*:}" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "installing ${missing[*]}"
    # Two guests started at once must not fight over dpkg.
    mkdir -p "$CACHE"
    (
        flock 9
        DEBIAN_FRONTEND=noninteractive
        export DEBIAN_FRONTEND
        apt-get install -y -q --no-install-recommends "${missing[@]}" ||
            { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; }
    ) 9>"$CACHE/install.lock" >&2 || die 125 "cannot install ${missing[*]}"
}

have() {
    case $1 in
        /*) [[ -e $1 ]] ;;
        *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
    esac
}

check_release() {
    [[ -f $GUEST_HOME/packages/$1.list ]] || die 2 "unknown release '$1': bookworm, trixie or forky"
}
