# shellcheck shell=bash
# Which Debian mirror to use: the one this machine's apt already uses, so nothing here names a host.

# mirror_of LABEL   LABEL is apt's: "Debian" or "Debian-Security". Prints a URI, or nothing.
mirror_of() {
    # shellcheck disable=SC2016 # apt expands it
    apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' "Label: $1" | sort -u | head -n 1
}

find_mirror() {
    local uri=${BPFGUARD_MIRROR:-}
    [[ -n $uri ]] || uri=$(mirror_of Debian)
    if [[ -z $uri ]]; then
        # Labels are known only after the indexes were fetched once (fresh machines have none).
        apt-get update -q >&2
        uri=$(mirror_of Debian)
    fi
    [[ -n $uri ]] || die 125 "apt knows no Debian mirror; set BPFGUARD_MIRROR=http://host/debian"
    printf '%s\n' "$uri"
}

# find_security_mirror RELEASE   Prints nothing where the release has no security suite.
find_security_mirror() {
    local uri=${BPFGUARD_SECURITY_MIRROR:-}
    [[ -n $uri || -n ${BPFGUARD_MIRROR:-} ]] || uri=$(mirror_of Debian-Security)
    # An empty suite (testing has one between freezes) is harmless, a missing one would fail the update.
    [[ -n $uri ]] && suite_exists "$uri" "$1-security" && printf '%s\n' "$uri"
    return 0
}

suite_exists() {
    local probe found=1
    probe=$(mktemp -d)
    # apt's own downloader, so that proxies and certificates configured for apt count here too.
    (cd "$probe" && /usr/lib/apt/apt-helper download-file "$1/dists/$2/InRelease" InRelease) >/dev/null 2>&1 && found=0
    rm -rf "$probe"
    return "$found"
}
