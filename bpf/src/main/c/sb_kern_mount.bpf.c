/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM sb_kern_mount (since 5.7): a superblock that user space asked for, by mount(2) or fsconfig(2), has its real file
 * system type here, and neither source nor flags of a mount; rules that ask for those are not in this hook's rulesets.
 * Return: 0 allows, a negative errno ends the mount before it is attached anywhere.
 */
#include "mount.h"

HOOK(sb_kern_mount)

SEC("lsm/sb_kern_mount")
int BPF_PROG(match_mount, struct super_block *sb)
{
	const struct mount_use use = { .type = BPF_CORE_READ(sb, s_type, name) };

	return judge_mount(ctx, &use, NULL);
}
