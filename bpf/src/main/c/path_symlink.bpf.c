/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_symlink (since 5.7, CONFIG_SECURITY_PATH): a symbolic link is about to be made. What it points to is judged when
 * it is followed.
 * Return: 0 allows, a negative errno is what symlink(2) returns.
 */
#include "hook.h"
#include "judge.h"

HOOK(path_symlink)

SEC("lsm/path_symlink")
int BPF_PROG(match_path, const struct path *directory, struct dentry *dentry)
{
	return judge_path(ctx, BPF_CORE_READ(directory, mnt), dentry, 1 << OPERATION_SYMLINK | 1 << OPERATION_CREATE);
}
