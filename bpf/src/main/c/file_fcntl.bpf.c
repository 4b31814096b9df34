/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_fcntl (since 5.7): a descriptor that was opened for appending alone is about to lose O_APPEND, so it could be
 * opened for writing as well.
 * Return: 0 allows, a negative errno is what fcntl(2) returns.
 */
#include "hook.h"
#include "append.h"

HOOK(file_fcntl)

SEC("lsm/file_fcntl")
int BPF_PROG(match_path, struct file *file, unsigned int command, unsigned long argument)
{
	__u32 writes = command == F_SETFL && !(argument & O_APPEND) && is_append_only(file);

	return judge_path(ctx, file->f_path.mnt, file->f_path.dentry, writes << OPERATION_WRITE);
}
