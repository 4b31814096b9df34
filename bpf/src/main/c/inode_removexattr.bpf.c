/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM inode_removexattr (since 5.7): an extended attribute is about to be removed; before 6.2 access control lists too.
 * The hook does not say through which mount, so every path of the file counts that it has in the container's and the task's
 * mount namespace. A file without one is a stackable file system's own.
 * Return: 0 allows, a negative errno is what removexattr(2) returns.
 */
#include "hook.h"
#include "judge.h"

HOOK(inode_removexattr)

SEC("lsm/inode_removexattr")
int BPF_PROG(match_path, void *idmap, struct dentry *dentry)
{
	return judge_path(ctx, NULL, dentry, 1 << OPERATION_SETXATTR);
}
