# shellcheck shell=bash
# Sourced by the scripts here: where things are, what the host needs, and what this package is called.

PACKAGING=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=../test/lib/host.sh
source "$PACKAGING/../test/lib/host.sh"
# shellcheck disable=SC2034 # used by the scripts that source this file
OUT=${BPFGUARD_PACKAGES:-$PACKAGING/target}
# What a caller's umask, language or time zone is must not be seen in the packages.
umask 022
export LC_ALL=C TZ=UTC

# What building needs besides the program itself.
packaging_packages() {
    local pair missing=()
    [[ $(id -u) == 0 ]] || die "this must run as root: the list of the hook's classes comes from a rehearsal with maps in the kernel"
    for pair in binutils:objcopy dpkg-dev:dpkg-shlibdeps rpm:rpmbuild git:git xz-utils:xz; do
        present "${pair#*:}" || missing+=("${pair%%:*}")
    done
    ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

in_git() { git -c safe.directory="$REPO" -C "$REPO" "$@"; }

# The time of all files in the packages: the commit's.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(in_git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

# package_version   The pom's version; before a release with time and name of the commit, so that a later commit is a later version.
package_version() {
    local version commit
    version=$(sed -n '/<artifactId>bpfguard<\/artifactId>/{n;s/.*<version>\(.*\)<\/version>.*/\1/p;q}' "$REPO/pom.xml")
    if [[ $version == *-SNAPSHOT ]]; then
        commit=$(in_git rev-parse --short=7 HEAD)
        [[ -z $(in_git status --porcelain) ]] || commit+=.changed
        version=${version%-SNAPSHOT}~git$(date -d "@$SOURCE_DATE_EPOCH" +%Y%m%d.%H%M%S).$commit
    fi
    echo "${BPFGUARD_VERSION:-$version}"
}

# clamp DIR   The commit's time on everything in it, and nothing but what its owner may write.
clamp() {
    chmod -R u+rwX,go+rX,go-w "$1"
    find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}
