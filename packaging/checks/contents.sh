# shellcheck shell=bash disable=SC2154 # deb, rpm and tree are set in ../check
# Sourced by ../check: what is in the packages.

contents() {
    local unit
    check "the .deb can be read" dpkg-deb -c "$deb"
    check "it depends on libbpf 1.1 and recommends runtimes" deb_fields
    check "its conffiles" same /etc/bpfguard/bpfguard.conf "$(dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./conffiles)"
    check "digests of the .rpm" rpm -K "$rpm"
    check "the .rpm needs libbpf and nothing that it has itself" rpm_needs
    check "the .rpm has scripts for installing and removing" rpm_scripts
    check "both have the same files with the same modes, all root's" same_files
    check "nothing is writable by others than root, or set-user-id" modes
    check "the Java inside has all modules that the jars use" modules
    check "no policy is active" same "" "$(find "$tree/etc/bpfguard/policies.d" "$tree/etc/bpfguard/programs.d" -mindepth 1)"
    check "no hook file is where a runtime reads it" same "" "$(cd "$tree" && find . -path '*containers/oci*')"
    check "the hook files name a program of the package" hook_program
    check "configurations for runtimes are TOML of the right version" toml
    check "the manual pages are without errors" manuals
    check "the manual has every command" manual_commands
    check "completion in bash" completion
    check "maintainer scripts are shell" shell_scripts
    check "bpfguard-wait ends when somebody listens" wait_ready
    check "bpfguard-wait fails when the agent is gone" wait_gone
    if present systemd-analyze; then
        check "systemd accepts the units" units
        for unit in bpfguard bpfguard-load; do
            note "systemd-analyze security$(systemd-analyze security --offline=true --no-pager "$tree/usr/lib/systemd/system/$unit.service" | tail -n 1 | tr -cd 'a-zA-Z0-9:. -')"
        done
    fi
    if present lintian; then
        check "lintian finds no error" lintian_errors
    fi
}

deb_fields() {
    dpkg-deb -I "$deb"
    dpkg-deb -f "$deb" Depends | grep -w 'libbpf1 (>= 1:1.1)'
    dpkg-deb -f "$deb" Recommends | grep -w containerd
    same amd64 "$(dpkg-deb -f "$deb" Architecture)"
}

rpm_needs() {
    rpm -qp --requires "$rpm" | grep -F 'libbpf.so.1()(64bit)'
    same "" "$(rpm -qp --requires "$rpm" | grep -E '^lib(java|jvm|jli|net|nio|zip|jimage|verify)\.so')"
}

rpm_scripts() {
    local kind
    for kind in postinstall preuninstall postuninstall; do
        rpm -qp --scripts "$rpm" | grep "^$kind scriptlet"
    done
}

# Both in one form: mode, owner, name. The .deb has papers of its own, and directories that others have too.
same_files() {
    diff <(dpkg-deb -c "$deb" | awk '{ name = $6; sub(/^\./, "", name); sub(/\/$/, "", name); print $1, $2, name }' | grep -v '/lintian' |
        grep -vE ' /usr/share/doc/bpfguard/(LICENSE|copyright|changelog.gz)$' | grep -E '^[^d]|bpfguard' | sort) \
        <(rpm -qp --qf '[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\n]' "$rpm" | grep -vE ' /usr/share/doc/bpfguard/LICENSE$' | sort)
    same "" "$(dpkg-deb -c "$deb" | awk '$2 != "root/root"')"
}

modes() { same "" "$(find "$tree" ! -type l -perm /7022)"; }

# The three are optional for the jars that have them: ../tree.
modules() {
    local wanted have
    have=$(sed -n 's/^MODULES="\(.*\)"/\1/p' "$tree/usr/lib/bpfguard/jre/release")
    wanted=$(cd "$tree/usr/lib/bpfguard/lib" && "$("$REPO/build/jdk25")/bin/jdeps" --multi-release 25 --ignore-missing-deps -s -cp '*' ./*.jar 2>/dev/null |
        sed -n 's/.* -> \(java\.[a-z.]*\|jdk\.[a-z.]*\)$/\1/p' | sort -u | grep -vxE 'java\.(desktop|sql|xml)')
    same "$wanted" "$(tr ' ' '\n' <<<"$have" | sort)"
}

hook_program() {
    local program
    program=$(sed -n 's/.*"path" : "\(.*\)",/\1/p' "$tree"/usr/share/bpfguard/hooks.d/*.json | sort -u)
    same /usr/lib/bpfguard/bin/bpfguard-hook "$program"
    [[ -x $tree$program ]]
}

toml() {
    present python3 || install_packages python3
    python3 - "$tree/usr/share/bpfguard" <<'PYTHON'
import sys, tomllib
for version in 2, 3, 4:
    file = tomllib.load(open(f"{sys.argv[1]}/containerd/bpfguard-v{version}.toml", "rb"))
    assert file["version"] == version and file["plugins"]["io.containerd.nri.v1.nri"]["disable"] is False, file
assert tomllib.load(open(f"{sys.argv[1]}/crio/50-bpfguard.conf", "rb"))["crio"]["nri"]["enable_nri"] is True
PYTHON
}

manuals() {
    local page
    present mandoc || install_packages mandoc
    for page in "$tree"/usr/share/man/man?/*.gz; do
        gunzip -c "$page" | mandoc -T lint -W warning
    done
}

manual_commands() {
    local command
    for command in $("$tree/usr/lib/bpfguard/bin/bpfguard" --help | sed -n '/^Commands:/,$s/^  \([a-z]\+\) .*/\1/p'); do
        gunzip -c "$tree/usr/share/man/man8/bpfguard.8.gz" | grep "^\.SS bpfguard $command" || { echo "none about $command"; return 1; }
    done
}

completion() {
    local words
    words=$(bash -c 'source "$1"; COMP_WORDS=(bpfguard hook ins) COMP_CWORD=2; _complete_bpfguard; echo "${COMPREPLY[*]}"' bash \
        "$tree/usr/share/bash-completion/completions/bpfguard")
    same install "$words"
}

shell_scripts() {
    local script
    for script in "$PACKAGING"/deb/{postinst,prerm,postrm} "$tree"/usr/lib/bpfguard/bin/bpfguard{,-nri,-hook-alone,-archives,-leave,-wait}; do
        sh -n "$script"
    done
    rpm -qp --qf '%{POSTIN}\n%{PREUN}\n%{POSTUN}\n' "$rpm" | sh -n
}

wait_ready() {
    local listener status=0
    python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); time.sleep(1); s.listen(); time.sleep(30)' "$work/hook.sock" &
    listener=$!
    timeout 20 "$tree/usr/lib/bpfguard/bin/bpfguard-wait" --nri-index 05 --run "$work" || status=$?
    kill "$listener"
    return "$status"
}

wait_gone() {
    local status=0
    MAINPID=4194305 timeout 20 "$tree/usr/lib/bpfguard/bin/bpfguard-wait" || status=$?
    [[ $status == 1 ]]
}

# Their programs are not on this machine: another one stands for them.
units() {
    local unit
    mkdir -p "$work/units"
    for unit in "$tree"/usr/lib/systemd/system/*.service; do
        sed 's|=\(-\?\)/usr/lib/bpfguard/bin/[a-z-]*|=\1/bin/true|' "$unit" >"$work/units/$(basename "$unit")"
    done
    same "" "$(systemd-analyze verify --man=no "$work"/units/*.service 2>&1)"
}

lintian_errors() { same "" "$(lintian --allow-root --suppress-tags bogus-mail-host "$deb" 2>/dev/null | tee /dev/stderr | grep '^E:')"; }
