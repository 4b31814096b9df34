/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_rmdir (since 5.7, CONFIG_SECURITY_PATH): a directory is about to go.
 * Return: 0 allows, a negative errno is what rmdir(2) returns.
 */
#include "hook.h"
#include "judge.h"

HOOK(path_rmdir)

SEC("lsm/path_rmdir")
int BPF_PROG(match_path, const struct path *directory, struct dentry *dentry)
{
	return judge_path(ctx, BPF_CORE_READ(directory, mnt), dentry, 1 << OPERATION_UNLINK);
}
