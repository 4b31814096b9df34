# shellcheck shell=bash disable=SC2154 # work is set in ../check
# Sourced by ../check: two builds at different paths, in other languages and time zones, with other umasks.

build_twice() {
    built=$work/first
    say "building"
    "$PACKAGING/build" "$built" >"$work/sizes" 2>"$work/build.log" || { cat "$work/build.log" >&2; die "the packages were not built"; }
    (
        umask 077
        export TZ=Asia/Kathmandu LANG=C.UTF-8
        "$PACKAGING/build" "$work/second/at-a-longer-path"
    ) >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; die "the packages were not built a second time"; }
    sed 's/^/note /' "$work/sizes"
    check "the same commit gives the same .deb" cmp "$built"/*.deb "$work"/second/*/*.deb
    check "the same commit gives the same .rpm" cmp "$built"/*.rpm "$work"/second/*/*.rpm
    check "the same commit gives the same files" diff -r --no-dereference "$built/work/tree" "$work/second/at-a-longer-path/work/tree"
}
