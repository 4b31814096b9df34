/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_unlink (since 5.7, CONFIG_SECURITY_PATH): a name that is not a directory's is about to go.
 * Return: 0 allows, a negative errno is what unlink(2) returns.
 */
#include "hook.h"
#include "judge.h"

HOOK(path_unlink)

SEC("lsm/path_unlink")
int BPF_PROG(match_path, const struct path *directory, struct dentry *dentry)
{
	return judge_path(ctx, BPF_CORE_READ(directory, mnt), dentry, 1 << OPERATION_UNLINK);
}
