/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM sb_umount (since 5.7): umount(2) and umount2(2), also lazily.
 * Return: 0 allows, a negative errno is what the call returns.
 */
#include "mount.h"

HOOK(sb_umount)

SEC("lsm/sb_umount")
int BPF_PROG(match_mount, struct vfsmount *mount)
{
	struct mount_use use = { .type = unmount_use, .flags = NO_MOUNT_SOURCE | NO_MOUNT_FLAGS };

	return judge_mount(ctx, &use);
}
