# shellcheck shell=bash
# The build of one root, run by ../rootfs inside a private mount namespace, all output to a log.
# From its caller: release, out, and the other lib files. CACHE/RELEASE/root is kept, so that a changed
# package list installs only what is new.
# shellcheck disable=SC2154 # release, out

build_all() {
    local work=$CACHE/$release root=$CACHE/$release/root packages
    mapfile -t packages < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' \
        "$GUEST_HOME/packages/common.list" "$GUEST_HOME/packages/$release.list")

    local keyring
    keyring=$(keyring_for "$release" "$work")
    write_sources "$release" "$work/sources.list" "$keyring"

    [[ -e $root/.bootstrapped ]] || bootstrap "$root" "$work" "$keyring"
    mount -t proc proc "$root/proc" # the JDK's postinst wants it
    guest_apt_update "$root" "$work/sources.list"
    guest_apt "$root" "$work/sources.list" dist-upgrade
    guest_apt "$root" "$work/sources.list" install "${packages[@]}"
    guest_apt "$root" "$work/sources.list" clean
    install_kernel "$root" "$work"
    clean_root "$root"
    umount "$root/proc"
    make_image "$root" "$out"
}

# bootstrap ROOT WORK KEYRING
bootstrap() {
    local root=$1 work=$2 keyring=$3 script=/usr/share/debootstrap/scripts/$release
    # An older debootstrap does not know a newer release; all Debian releases share one script.
    [[ -e $script ]] || script=/usr/share/debootstrap/scripts/sid
    rm -rf "$root"
    debootstrap --variant=minbase --arch=amd64 --force-check-gpg --keyring="$keyring" \
        "$release" "$root" "$(find_mirror)" "$script"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # nothing may start in the chroot
    chmod 755 "$root/usr/sbin/policy-rc.d"
    printf 'path-exclude=/usr/share/%s/*\n' doc man locale info lintian >"$root/etc/dpkg/dpkg.cfg.d/small"
    : >"$root/.bootstrapped"
}

# install_kernel ROOT WORK   Unpacked, not installed: a guest needs the files, not an initramfs generator.
install_kernel() {
    local root=$1 work=$2 fetched=$2/kernel-debs names
    rm -rf "$fetched"
    mkdir "$fetched"
    # What apt would install for the generic kernel, minus what is not kernel. Newer releases split the package.
    names=$(guest_apt "$root" "$work/sources.list" install --simulate linux-image-amd64 |
        awk '$1 == "Inst" && $2 ~ /^linux-(image|binary|modules|base)-[0-9]/ { print $2 }')
    [[ -n $names ]] || die 125 "found no kernel package"
    # shellcheck disable=SC2086 # a list of words
    (cd "$fetched" && guest_apt "$root" "$work/sources.list" download $names)
    rm -rf "${root:?}"/boot/* "${root:?}"/usr/lib/modules
    local deb
    for deb in "$fetched"/*.deb; do
        # Through tar, because dpkg-deb -x would replace the /lib link by a directory.
        dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root"
    done
    rm -rf "$fetched" "$root"/boot/System.map*
    depmod -b "$root" "$(kernel_release "$root")"
}

clean_root() {
    local root=$1
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb \
        "$root"/var/log/*.log "$root"/var/log/apt "$root"/var/cache/debconf/*-old "$root"/tmp/* \
        "$root"/usr/share/{doc,man,locale,info,lintian}/*
    printf 'guest\n' >"$root/etc/hostname"
    printf '127.0.0.1 localhost guest\n::1 localhost\n' >"$root/etc/hosts"
    : >"$root/etc/resolv.conf"
    mkdir -p "$root/src" "$root/opt/jdk"
}
