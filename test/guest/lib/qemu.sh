# shellcheck shell=bash
# Starting QEMU: the accelerator that truly works, and the machine's arguments.
# shellcheck disable=SC2154 # memory, cpus, icount, shares, private, out: the options of ../run

# kvm_works KERNEL   /dev/kvm alone proves nothing, and a boot sector can run where a 64-bit kernel cannot: so a
# kernel is started, without a root, and must get as far as its panic. Asked once per boot of this machine.
kvm_works() {
    [[ -r /dev/kvm && -w /dev/kvm ]] || return 1
    local answer
    answer=$CACHE/kvm-$(cat /proc/sys/kernel/random/boot_id)
    [[ -e $answer ]] || probe_kvm "$1" >"$answer" 2>/dev/null
    [[ $(cat "$answer") == yes ]]
}

probe_kvm() {
    # A QEMU that aborts must not leave a core.
    (ulimit -c 0 && timeout 20 qemu-system-x86_64 -accel kvm -machine q35 -cpu host -m 512 -nodefaults -display none -no-reboot \
        -kernel "$1" -append 'console=ttyS0 panic=-1' -serial "file:$private/kvm-probe") >/dev/null 2>&1 || true
    if grep -qs 'Kernel panic' "$private/kvm-probe"; then echo yes; else echo no; fi
}

# machine_args   Fills the array qemu_args from the options of ../run.
machine_args() {
    qemu_args=(-machine q35 -m "$memory" -nodefaults -no-user-config -display none -no-reboot)
    if [[ $icount == yes ]]; then
        # Guest time is instruction count: the same run gives the same numbers.
        qemu_args+=(-accel 'tcg,thread=single' -icount 'shift=0,sleep=off' -smp 1 -cpu 'max,la57=off')
    elif kvm_works "$out/vmlinuz"; then
        qemu_args+=(-accel kvm -smp "$cpus" -cpu host)
    else
        # Five-level page tables only make the emulated walks longer.
        # One host thread for all vCPUs. With one each, a vCPU can run translated code that another has just replaced: seen as a
        # kernel panic (a stale int3 while a BPF trampoline is rewritten) and as JVM crashes (a method that is recompiled).
        qemu_args+=(-accel "tcg,thread=${BPFGUARD_GUEST_THREADS:-single}" -smp "$cpus" -cpu 'max,la57=off')
    fi
}

# port_args   stdout, stderr and status of the command, each a virtio port to a fifo of ours.
port_args() {
    local name
    qemu_args+=(-device virtio-serial-pci)
    for name in stdout stderr status; do
        qemu_args+=(-chardev "file,id=$name,path=$private/$name,append=on"
            -device "virtserialport,chardev=$name,name=$name")
    done
}

# share_args   One 9p device per share; the guest mounts them by $private/initramfs/guest/shares.
share_args() {
    local share host rest directory mode tag count=0
    for share in "${shares[@]}"; do
        host=${share%%:*}
        rest=${share#*:}
        directory=${rest%%:*}
        mode=ro
        [[ $rest == *:rw ]] && mode=rw
        [[ -d $host && $directory == /* ]] || die 2 "bad share '$share': HOSTDIR:/GUESTDIR[:rw]"
        tag=share$count
        count=$((count + 1))
        # A comma in a QEMU option is written twice.
        local fsdev="local,id=$tag,path=${host//,/,,},security_model=none,multidevs=remap"
        [[ $mode == rw ]] || fsdev+=,readonly=on
        qemu_args+=(-fsdev "$fsdev" -device "virtio-9p-pci,fsdev=$tag,mount_tag=$tag")
        printf '%s %s %s\n' "$tag" "$mode" "$directory" >>"$private/initramfs/guest/shares"
    done
}
