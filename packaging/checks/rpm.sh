# shellcheck shell=bash disable=SC2154 # rpm, tree and work are set in ../check
# Sourced by ../check: the .rpm into a root of its own. The root's programs are a Debian's: what is checked is what rpm does, not a distribution.

rpm_in_root() {
    local release=$1 root=$work/$1/root
    # The .deb has been here.
    rm -rf "${work:?}/$release"
    make_root "$release"
    check "rpm: install" rpm_install
    check "rpm: files are as in the package" rpm_verify
    check "rpm: bpfguard check of the library" within_says "19 policies can be enforced on kernel 6.1, 6.12, 7.2" bpfguard check /usr/share/bpfguard/policies
    check "rpm: archives are made" two_archives
    check "rpm: the installed tree is the .deb's" rpm_tree
    mkdir "$root/sys/fs/bpf/bpfguard"
    echo "# mine" >>"$root/etc/bpfguard/bpfguard.conf"
    check "rpm: remove" in_rpm -e bpfguard
    check "rpm: a changed configuration is kept" ls "$root/etc/bpfguard/bpfguard.conf.rpmsave"
    check "rpm: enforcement stays, no program does" rpm_gone
    umount -R "$root"
}

in_rpm() { rpm --root "$root" "$@"; }

# Without dependencies: this root's database has no other packages.
rpm_install() {
    in_rpm --initdb
    in_rpm -i --nodeps "$rpm"
}

rpm_verify() { same "" "$(in_rpm -V --nodeps bpfguard)"; }

rpm_tree() {
    diff <(cd "$tree" && find . ! -type d -printf '%m %P %l\n' | sort) \
        <(cd "$root" && in_rpm -ql bpfguard | sed 's|^/||' | while read -r file; do find "$file" -maxdepth 0 ! -type d -printf '%m %p %l\n'; done | sort)
    same "0:0" "$(cd "$root" && in_rpm -ql bpfguard | sed 's|^/||' | xargs stat -c %u:%g | sort -u)"
}

rpm_gone() { [[ -d $root/sys/fs/bpf/bpfguard && ! -e $root/usr/lib/bpfguard && ! -e $root/var/cache/bpfguard ]]; }
