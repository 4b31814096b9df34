/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_truncate (since 6.2): ftruncate(2), also through io_uring, and open(2) with O_TRUNC.
 * Return: 0 allows, a negative errno is what the call returns.
 */
#include "hook.h"
#include "judge.h"

HOOK(file_truncate)

SEC("lsm/file_truncate")
int BPF_PROG(match_path, struct file *file)
{
	return judge_path(ctx, file->f_path.mnt, file->f_path.dentry, 1 << OPERATION_TRUNCATE);
}
