# shellcheck shell=bash
# Sourced by ../all and ../demo: what the host needs, and the build.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
TEST_OUT=$REPO/test/target

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# host_packages   Installs what the build and the guests need and this machine lacks. Debian 12 and 13.
host_packages() {
    local pair missing=()
    [[ $(id -u) == 0 ]] || die "this must run as root: it boots virtual machines from root file systems that it builds"
    for pair in qemu-system-x86:qemu-system-x86_64 debootstrap:debootstrap cpio:cpio clang:clang llvm:llvm-strip gcc:gcc maven:mvn git:git \
        libc6-dev:/usr/lib/x86_64-linux-gnu/libc.a libbpf-dev:/usr/include/bpf/bpf_helpers.h; do
        present "${pair#*:}" || missing+=("${pair%%:*}")
    done
    "$REPO/build/jdk25" >/dev/null 2>&1 || missing+=("$(jdk_package)")
    ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

present() {
    case $1 in
        /*) [[ -e $1 ]] ;;
        *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
    esac
}

# Debian 12 has no JDK 25; build/jdk25 says what to do there.
jdk_package() {
    (
        # shellcheck source=/dev/null
        source /etc/os-release
        ((${VERSION_ID:-0} >= 13)) && echo openjdk-25-jdk-headless
    ) || { "$REPO/build/jdk25" >&2 || exit 1; }
}

install_packages() {
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1 ||
        { apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends "$@" >&2; } ||
        die "cannot install $*"
}

# guest RELEASE SECONDS [RUN-OPTION...] -- GROUP...   Scenarios in one guest; its report on stdout.
guest() {
    local release=$1 limit=$2 options=()
    shift 2
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    "$REPO/test/guest/run" --release "$release" --timeout "$limit" --share "$TEST_OUT/prepared:/prepared" "${options[@]}" -- \
        test/e2e/in-guest /prepared "$@"
}
