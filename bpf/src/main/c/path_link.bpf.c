/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_link (since 5.7, CONFIG_SECURITY_PATH): a file is about to get a further name: link(2), and what gives a file of
 * O_TMPFILE its first one.
 * Return: 0 allows, a negative errno is what link(2) returns.
 */
#include "hook.h"
#include "alias.h"

HOOK(path_link)

SEC("lsm/path_link")
int BPF_PROG(match_path, struct dentry *dentry, const struct path *directory, struct dentry *target)
{
	struct vfsmount *mount = BPF_CORE_READ(directory, mnt);
	const struct seen old = { mount, dentry }, new = { mount, target };

	return judge_files(ctx, &old, 1 << OPERATION_LINK, &new, 1 << OPERATION_LINK | 1 << OPERATION_CREATE);
}

SEC("lsm/path_link")
int BPF_PROG(match_alias, struct dentry *dentry, const struct path *directory, struct dentry *target)
{
	struct names names;

	if (begin_names(&names)) {
		consider_name(names.buffer, (__u64)BPF_CORE_READ(directory, mnt), (__u64)dentry, (__u64)target, false);
	}
	return conclude_names(ctx, &names);
}
