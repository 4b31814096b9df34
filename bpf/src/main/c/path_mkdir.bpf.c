/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_mkdir (since 5.7, CONFIG_SECURITY_PATH): a directory is about to be made.
 * Return: 0 allows, a negative errno is what mkdir(2) returns.
 */
#include "hook.h"
#include "judge.h"

HOOK(path_mkdir)

SEC("lsm/path_mkdir")
int BPF_PROG(match_path, const struct path *directory, struct dentry *dentry)
{
	return judge_path(ctx, BPF_CORE_READ(directory, mnt), dentry, 1 << OPERATION_CREATE);
}
