# shellcheck shell=bash disable=SC2154 # deb and work are set in ../check
# Sourced by ../check: the .deb in the root of a Debian release that has no JDK, from installation to purge.

# on_node RELEASE
on_node() {
    local release=$1 root
    make_root "$release"
    root=$work/$release/root
    check "$release: no Java before" no_java
    check "$release: dpkg -i" install_deb
    installed_state
    archives
    later_version
    upgrade
    leave
    umount -R "$root"
}

# A copy-on-write view of the cached root, with a bpffs of its own.
make_root() {
    local release=$1 from at=$work/$1
    from=$("$REPO/test/guest/rootfs" "$release" | sed -n 's/^root=//p')
    mkdir -p "$at"/{upper,scratch,root}
    mount -t overlay overlay -o "lowerdir=$from,upperdir=$at/upper,workdir=$at/scratch" "$at/root"
    rm -rf "$at"/root/usr/lib/jvm "$at"/root/opt/jdk "$at"/root/usr/bin/java
    mkdir -p "$at"/root/{proc,dev,sys/fs/bpf}
    mount -t proc proc "$at/root/proc"
    mount --bind /dev "$at/root/dev"
    mount -t tmpfs tmpfs "$at/root/run"
    mount -t tmpfs tmpfs "$at/root/sys"
    mkdir -p "$at/root/sys/fs/bpf"
    mount -t bpf bpffs "$at/root/sys/fs/bpf"
    # Services are none of a chroot's business.
    printf '#!/bin/sh\nexit 101\n' >"$at/root/usr/sbin/policy-rc.d"
    chmod 755 "$at/root/usr/sbin/policy-rc.d"
}

within() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }

no_java() { same "" "$(within sh -c 'command -v java; ls -d /usr/lib/jvm/*25* /opt/jdk 2>/dev/null; true')"; }

install_deb() {
    cp "$deb" "$root/root/bpfguard.deb"
    within dpkg -i /root/bpfguard.deb >"$work/dpkg" 2>&1 || { cat "$work/dpkg"; return 1; }
    grep "no policy is in force" "$work/dpkg"
}

installed_state() {
    check "$release: bpfguard --version" within_says "bpfguard 0.1.0" bpfguard --version
    check "$release: bpfguard check of the library" within_says "19 policies can be enforced on kernel 6.1, 6.12, 7.2" bpfguard check /usr/share/bpfguard/policies
    check "$release: the example of bpfguard.policy(5) is a policy" example
    check "$release: bpfguard schema is the schema that is shipped" schema
    check "$release: bpfguard status says that nothing is enforced" nothing_enforced
    check "$release: the hook that needs no agent runs" hook_runs
    check "$release: the directories of policies and programs are root's alone" within_says $'755 0\n755 0' stat -c '%a %u' /etc/bpfguard/policies.d /etc/bpfguard/programs.d
    check "$release: the agent is enabled, the other service is not" enabled
    check "$release: hook files can be installed, and name what is there" hook_install
}

# within_says TEXT COMMAND...   Exactly this on standard output, whatever Java has to say.
within_says() {
    local text=$1
    shift
    same "$text" "$(within "$@")"
}

example() {
    # From the package: the cached root may be set to leave manuals out.
    gunzip -c "$tree/usr/share/man/man5/bpfguard.policy.5.gz" | sed -n '/^\.nf/,/^\.fi/{/^\./d;s/\\-/-/g;p}' >"$root/root/example.yaml"
    within_says "1 policies can be enforced on kernel 6.1, 6.12, 7.2" bpfguard check /root/example.yaml
}

schema() { within bpfguard schema | diff - "$root/usr/share/bpfguard/policy.schema.json"; }

nothing_enforced() {
    local status=0
    within bpfguard status 2>"$work/err" || status=$?
    [[ $status == 1 ]]
    grep "nothing is enforced on this node" "$work/err"
}

hook_runs() {
    local status=0
    within /usr/lib/bpfguard/bin/bpfguard-hook --limit 20000 createRuntime <<<'{"ociVersion":"1.0.2","id":"c","pid":1,"bundle":"/nowhere"}' 2>"$work/err" || status=$?
    cat "$work/err"
    [[ $status == 1 ]]
    grep '^bpfguard: .*/nowhere' "$work/err"
}

enabled() {
    [[ -L $root/etc/systemd/system/multi-user.target.wants/bpfguard.service && ! -e $root/etc/systemd/system/multi-user.target.wants/bpfguard-load.service ]]
}

hook_install() {
    within bpfguard hook install --runtime podman
    diff -r "$root/usr/share/bpfguard/hooks.d" "$root/usr/share/containers/oci/hooks.d"
}

archives() {
    check "$release: there are two archives, of this build" two_archives
    check "$release: the hook takes its classes from its archive" from_archive hook io.bpfguard.hook.Main bpfguard-hook-alone 1
    check "$release: the command takes its classes from its archive" from_archive command io.bpfguard.cli.Main bpfguard 0 --version
    check "$release: the start scripts use the archives" used
    check "$release: a broken archive is no trouble" broken_archive
    check "$release: archives of other builds are removed, missing ones made" made_again
    times
}

two_archives() { same "$(printf '/var/cache/bpfguard/%s.jsa\n' "command-$(build_of)" "hook-$(build_of)")" "$(within sh -c 'ls /var/cache/bpfguard/*')"; }

build_of() { cat "$root/usr/lib/bpfguard/lib/build-id"; }

# from_archive NAME MAIN SCRIPT STATUS ARGUMENT...   The script's own command line, with -Xshare:on: Java ends at once where it cannot use the archive.
from_archive() {
    local name=$1 script=$3 expected=$4 status=0 all shared
    shift 4
    sed 's/ -Xlog:disable / -Xshare:on -Xlog:class+load:file=\/root\/classes -Xlog:disable /' "$root/usr/lib/bpfguard/bin/$script" >"$root/usr/lib/bpfguard/bin/traced"
    sed -i 's/-Xlog:disable -Xlog:all=warning:stderr//' "$root/usr/lib/bpfguard/bin/traced"
    chmod 755 "$root/usr/lib/bpfguard/bin/traced"
    within /usr/lib/bpfguard/bin/traced "$@" || status=$?
    rm "$root/usr/lib/bpfguard/bin/traced"
    all=$(grep -c 'source:' "$root/root/classes") shared=$(grep -c 'shared objects file' "$root/root/classes")
    echo "$shared of $all" | tee "$work/$name.count"
    ((status == expected && shared * 100 > all * 95))
}

# Which options the scripts give to Java.
used() {
    local script name
    for name in hook command; do
        script=bpfguard
        [[ $name == command ]] || script=bpfguard-hook-alone
        (within sh -x "/usr/lib/bpfguard/bin/$script" nothing 2>&1 || true) | grep -- "^+ exec .*-XX:SharedArchiveFile=/usr/lib/bpfguard/cache/$name-$(build_of).jsa"
    done
}

broken_archive() {
    local archive
    archive=$root/var/cache/bpfguard/command-$(build_of).jsa
    cp "$archive" "$work/good"
    truncate -s 4096 "$archive"
    within_says "bpfguard 0.1.0" bpfguard --version
    mv "$work/good" "$archive"
}

made_again() {
    touch "$root/var/cache/bpfguard/hook-0123456789abcdef.jsa" "$root/var/cache/bpfguard/hook-x.new"
    rm "$root/var/cache/bpfguard/command-$(build_of).jsa"
    within /usr/lib/bpfguard/bin/bpfguard-archives --missing
    two_archives
}

times() {
    local name
    for name in hook command; do
        [[ ! -f $work/$name.count ]] || note "$release: classes of the $name from its archive: $(cat "$work/$name.count")"
    done
    note "$release: CPU time of bpfguard status, least of 5: $(least) s; without archives: $(mv "$root/var/cache/bpfguard" "$root/var/cache/away"; least; mv "$root/var/cache/away" "$root/var/cache/bpfguard") s"
}

# CPU time, because other work on the machine counts less in it.
least() {
    local TIMEFORMAT='%U %S'
    for _ in 1 2 3 4 5; do
        { time within bpfguard status >/dev/null 2>&1 || true; } 2>&1
    done | awk '{ seconds = $1 + $2; if (NR == 1 || seconds < least) least = seconds } END { print least }'
}

# The same package, as a later build would be: other version, other build id.
later_version() {
    [[ ! -f $work/later.deb ]] || return 0
    dpkg-deb -R "$deb" "$work/later"
    sed -i 's/^Version: .*/&.later/' "$work/later/DEBIAN/control"
    echo fedcba9876543210 >"$work/later/usr/lib/bpfguard/lib/build-id"
    echo "# later" >>"$work/later/etc/bpfguard/bpfguard.conf"
    dpkg-deb --root-owner-group -Znone --build "$work/later" "$work/later.deb" >/dev/null
}

upgrade() {
    echo "# mine" >>"$root/etc/bpfguard/bpfguard.conf"
    cp "$root/usr/share/bpfguard/policies/baseline.yaml" "$root/etc/bpfguard/policies.d/"
    # What an agent leaves.
    mkdir "$root/sys/fs/bpf/bpfguard" "$root/run/bpfguard" "$root/var/lib/bpfguard" "$root/var/log/bpfguard"
    cp "$work/later.deb" "$root/root/later.deb"
    check "$release: upgrade" within dpkg --force-confold -i /root/later.deb
    check "$release: the operator's configuration and policies are kept" kept
    check "$release: an upgrade leaves the state in the kernel" test -d "$root/sys/fs/bpf/bpfguard"
    check "$release: archives are those of the new build" two_archives
    check "$release: the new version runs" within_says "bpfguard 0.1.0" bpfguard --version
}

kept() {
    grep '^# mine' "$root/etc/bpfguard/bpfguard.conf"
    ls "$root/etc/bpfguard/policies.d/baseline.yaml"
}

leave() {
    check "$release: remove" remove
    check "$release: it says that enforcement stays" grep "enforcement stays in the kernel" "$work/dpkg"
    check "$release: and it does" test -d "$root/sys/fs/bpf/bpfguard"
    check "$release: it takes the hook files away, and says so" hooks_gone
    check "$release: it leaves configuration and policies, and no program" removed_state
    touch "$root/etc/bpfguard/uninstall-on-remove"
    check "$release: install again" within dpkg --force-confold -i /root/later.deb
    check "$release: remove, with uninstall-on-remove" remove
    check "$release: the state in the kernel is gone" test ! -d "$root/sys/fs/bpf/bpfguard"
    check "$release: purge" within dpkg -P bpfguard
    check "$release: nothing is left" purged
}

remove() { within dpkg -r bpfguard >"$work/dpkg" 2>&1 || { cat "$work/dpkg"; return 1; }; }

hooks_gone() {
    same "" "$(ls "$root/usr/share/containers/oci/hooks.d")"
    grep "removed /usr/share/containers/oci/hooks.d/50-bpfguard.json" "$work/dpkg"
}

removed_state() {
    kept
    [[ ! -e $root/usr/lib/bpfguard && ! -L $root/usr/sbin/bpfguard ]]
    same "" "$(find "$root/var/cache/bpfguard" -type f)"
}

purged() {
    same "" "$(find "$root"/{etc,usr,var,run} -name '*bpfguard*' ! -path '*/var/log/dpkg.log' ! -path '*/var/cache/man/*' 2>/dev/null)"
}
