/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM sb_umount (since 5.7): umount(2), also with MNT_DETACH.
 * Return: 0 allows, a negative errno is what umount(2) returns.
 */
#include "alias.h"
#include "mount.h"

HOOK(sb_umount)

SEC("lsm/sb_umount")
int BPF_PROG(match_mount, struct vfsmount *mount)
{
	return judge_word(ctx, unmount_use);
}

SEC("lsm/sb_umount")
int BPF_PROG(match_path, struct vfsmount *mount)
{
	const struct seen covered = covered_by(mount);

	return judge_path(ctx, covered.mount, covered.dentry, 1 << OPERATION_MOUNT);
}

SEC("lsm/sb_umount")
int BPF_PROG(match_alias, struct vfsmount *mount)
{
	struct names names;

	if (begin_names(&names) && changes_first_namespace(names.label))
		consider_whole(names.buffer, mount, BPF_CORE_READ(mount, mnt_root), ALL_OPERATIONS);
	return conclude_names(ctx, &names);
}
