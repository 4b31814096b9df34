# shellcheck shell=bash
# A private apt for the guest's root: its own sources, lists and dpkg status; the system's are not touched.
# The machine's apt.conf (proxies, certificates) still applies because only directories are overridden.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# write_sources RELEASE FILE KEYRING
write_sources() {
    local release=$1 file=$2 keyring=$3 mirror security
    mirror=$(find_mirror)
    security=$(find_security_mirror "$release")
    {
        printf 'deb [arch=amd64 signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$release"
        [[ -z $security ]] || printf 'deb [arch=amd64 signed-by=%s] %s %s-security main\n' "$keyring" "$security" "$release"
    } >"$file"
}

# guest_apt ROOT SOURCES ARGS...   The mmdebstrap way: apt runs here, dpkg runs chrooted in ROOT.
guest_apt() {
    local root=$1 sources=$2
    shift 2
    DEBIAN_FRONTEND=noninteractive LC_ALL=C INITRD=No apt-get -q -y \
        -o "Dir=$root" -o "Dir::Etc::SourceList=$sources" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::PreferencesParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
        -o "Dir::State::status=$root/var/lib/dpkg/status" -o "DPkg::Chroot-Directory=$root" \
        -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User=root \
        -o APT::Install-Recommends=false -o Acquire::Languages=none -o Acquire::Retries=3 \
        -o DPkg::Options::=--force-confold -o DPkg::Use-Pty=false "$@"
}

# guest_apt_update ROOT SOURCES
guest_apt_update() {
    guest_apt "$1" "$2" update -o APT::Update::Error-Mode=any && return 0
    # A frozen mirror outlives testing's one-week Valid-Until. Signatures are still checked; only the
    # protection against being served old packages is lost, which a test fixture can live with.
    say "update failed, trying again without the expiry date check (signatures still count)"
    guest_apt "$1" "$2" update -o APT::Update::Error-Mode=any -o Acquire::Check-Valid-Until=false
}

# keyring_for RELEASE DIR   Prints a keyring that verifies RELEASE. If this machine's is too old, takes
# debian-archive-keyring from a release that it does verify; trust is never skipped.
keyring_for() {
    local release=$1 dir=$2 older
    verifies "$KEYRING" "$release" && { printf '%s\n' "$KEYRING"; return; }
    for older in trixie bookworm; do
        verifies "$KEYRING" "$older" || continue
        say "keyring too old for $release, taking the one of $older"
        fetch_keyring "$older" "$dir"
        verifies "$dir/keyring.gpg" "$release" && { printf '%s\n' "$dir/keyring.gpg"; return; }
    done
    die 125 "no keyring verifies $release: install a newer debian-archive-keyring"
}

# verifies KEYRING RELEASE
verifies() {
    local probe good=1
    probe=$(mktemp -d)
    # An undefined keyring file or a failed download both mean no.
    (cd "$probe" && /usr/lib/apt/apt-helper download-file "$(find_mirror)/dists/$2/InRelease" InRelease &&
        gpgv -q --keyring "$1" InRelease) >/dev/null 2>&1 && good=0
    rm -rf "$probe"
    return "$good"
}

# fetch_keyring RELEASE DIR   Leaves DIR/keyring.gpg.
fetch_keyring() {
    local release=$1 dir=$2 empty=$2/keyring-apt
    mkdir -p "$empty"/{etc/apt,var/lib/dpkg,var/lib/apt/lists/partial,var/cache/apt/archives/partial}
    : >"$empty/var/lib/dpkg/status"
    write_sources "$release" "$empty/sources.list" "$KEYRING"
    guest_apt_update "$empty" "$empty/sources.list" >&2
    (cd "$empty" && guest_apt "$empty" "$empty/sources.list" download debian-archive-keyring) >&2
    dpkg-deb -x "$empty"/debian-archive-keyring_*.deb "$empty/x"
    # Newer packages name the binary keyring .pgp and keep .gpg as a link.
    cp -L "$empty/x/usr/share/keyrings/debian-archive-keyring.gpg" "$dir/keyring.gpg"
    rm -rf "$empty"
}
