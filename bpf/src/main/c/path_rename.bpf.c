/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_rename (since 5.7, CONFIG_SECURITY_PATH): a name is about to change. With RENAME_EXCHANGE two names change places,
 * and without it a file that had the new name loses it.
 * Return: 0 allows, a negative errno is what rename(2) returns.
 */
#include "hook.h"
#include "alias.h"

HOOK(path_rename)

SEC("lsm/path_rename")
int BPF_PROG(match_path, const struct path *old_directory, struct dentry *dentry, const struct path *new_directory,
	     struct dentry *target, unsigned int flags)
{
	const struct seen old = { BPF_CORE_READ(old_directory, mnt), dentry };
	const struct seen new = { BPF_CORE_READ(new_directory, mnt), target };
	__u32 old_operations = 1 << OPERATION_RENAME, new_operations = 1 << OPERATION_RENAME | 1 << OPERATION_CREATE;

	if (flags & RENAME_EXCHANGE)
		old_operations |= 1 << OPERATION_CREATE;
	else if (BPF_CORE_READ(target, d_inode))
		new_operations |= 1 << OPERATION_UNLINK;
	return judge_files(ctx, &old, old_operations, &new, new_operations);
}

SEC("lsm/path_rename")
int BPF_PROG(match_alias, const struct path *old_directory, struct dentry *dentry, const struct path *new_directory,
	     struct dentry *target, unsigned int flags)
{
	struct names names;

	if (begin_names(&names)) {
		consider_name(names.buffer, (__u64)BPF_CORE_READ(old_directory, mnt), (__u64)dentry, (__u64)target, true);
		if (flags & RENAME_EXCHANGE)
			consider_exchange(names.buffer);
	}
	return conclude_names(ctx, &names);
}
