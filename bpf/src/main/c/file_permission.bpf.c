/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_permission (since 5.7), at each write: a descriptor that was opened for appending alone can still be written elsewhere
 * than at the end, by fallocate(2), by pwritev2(2) with RWF_NOAPPEND (since 6.9), and by both through io_uring. The hook does not
 * see which it is, so the system calls that cannot do so are told from all others.
 * Return: 0 allows, a negative errno is what the call returns.
 */
#include "hook.h"
#include "append.h"

HOOK(file_permission)

SEC("lsm/file_permission")
int BPF_PROG(match_path, struct file *file, int mask)
{
	__u32 writes = (mask & MAY_WRITE) && is_append_only(file) && !is_plain_write();

	return judge_path(ctx, file->f_path.mnt, file->f_path.dentry, writes << OPERATION_WRITE);
}
