# shellcheck shell=bash
# From a root directory to what QEMU starts from: OUT/root.ext4, OUT/vmlinuz, OUT/busybox, OUT/modules.

# What the initramfs must load to reach the root; everything else is loaded from the root itself.
BOOT_MODULES=(virtio_pci virtio_blk crc32c_generic crc32c_cryptoapi ext4)

kernel_release() {
    local versions=("$1"/usr/lib/modules/*)
    printf '%s\n' "${versions[0]##*/}"
}

# make_image ROOT OUT   OUT appears complete or not at all.
make_image() {
    local root=$1 out=$2 new=$2.new version
    version=$(kernel_release "$root")
    rm -rf "$new"
    mkdir -p "$new/modules"
    # From Debian 14 on the kernel lies with its modules.
    cp "$root/boot/vmlinuz-$version" "$new/vmlinuz" 2>/dev/null || cp "$root/usr/lib/modules/$version/vmlinuz" "$new/vmlinuz"
    cp "$root"/usr/bin/busybox "$new/busybox" 2>/dev/null || cp "$root/bin/busybox" "$new/busybox"
    collect_modules "$root" "$version" "$new/modules"
    make_ext4 "$root" "$new/root.ext4"
    : >"$new/complete"
    rm -rf "$out"
    mv "$new" "$out"
}

# ext4 because every kernel we boot has it (the error-injection kernel has no squashfs and no erofs). Sparse,
# with room for what a test writes; no journal, since nothing written ever outlives the guest.
make_ext4() {
    local root=$1 image=$2 used
    used=$(du -sm --one-file-system "$root" | cut -f1)
    truncate -s "$((used + used / 4 + 4096))M" "$image"
    mke2fs -q -t ext4 -O '^has_journal,^metadata_csum,^orphan_file' -E lazy_itable_init=1,nodiscard -m 0 \
        -L root -d "$root" "$image"
}

# collect_modules ROOT VERSION DIR   Decompressed, in load order (DIR/order).
collect_modules() {
    local root=$1 version=$2 dir=$3 module word file
    : >"$dir/order"
    for module in "${BOOT_MODULES[@]}"; do
        modprobe -d "$root" -S "$version" --show-depends "$module" 2>/dev/null || true
    done | while read -r word file _; do
        [[ $word == insmod ]] || continue
        add_module "$file" "$dir"
    done
}

add_module() {
    local name=${1##*/}
    name=${name%%.ko*}.ko
    [[ ! -e $2/$name ]] || return 0
    case $1 in
        *.xz) xz -dc "$1" ;;
        *.zst) zstd -dcq "$1" ;;
        *) cat "$1" ;;
    esac >"$2/$name"
    printf '%s\n' "$name" >>"$2/order"
}
