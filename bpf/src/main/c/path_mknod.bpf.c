/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_mknod (since 5.7, CONFIG_SECURITY_PATH): a name is about to appear in a directory, by open(2) with O_CREAT,
 * mknod(2), or bind(2) of a Unix socket.
 * Return: 0 allows, a negative errno is what the call returns.
 */
#include "hook.h"
#include "judge.h"

HOOK(path_mknod)

SEC("lsm/path_mknod")
int BPF_PROG(match_path, const struct path *directory, struct dentry *dentry, unsigned short mode,
	     unsigned int device)
{
	const struct seen file = { BPF_CORE_READ(directory, mnt), dentry };
	const struct facts facts = { .mode = mode, .device = device };

	return judge_file(ctx, &file, &facts, 1 << OPERATION_CREATE);
}
