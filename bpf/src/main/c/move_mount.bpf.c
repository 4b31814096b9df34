/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM move_mount (since 5.7): move_mount(2) attaches a mount made by fsmount(2) or open_tree(2), or moves one.
 * Return: 0 allows, a negative errno is what move_mount(2) returns.
 */
#include "mount.h"

HOOK(move_mount)

SEC("lsm/move_mount")
int BPF_PROG(match_mount, const struct path *from, const struct path *to)
{
	return judge_mount(ctx, BPF_CORE_READ(from, mnt, mnt_sb, s_type, name));
}
