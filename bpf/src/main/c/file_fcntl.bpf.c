/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_fcntl (since 5.7): fcntl(2), here for naming the owner of a descriptor; and where one that was opened for appending
 * alone is about to lose O_APPEND, so it could be opened for writing as well.
 * Return: 0 allows, a negative errno is what fcntl(2) returns.
 */
#include "append.h"
#include "signal.h"

HOOK(file_fcntl)

SEC("lsm/file_fcntl")
int BPF_PROG(match_path, struct file *file, unsigned int command, unsigned long argument)
{
	__u32 writes = command == F_SETFL && !(argument & O_APPEND) && is_append_only(file);

	return judge_path(ctx, file->f_path.mnt, file->f_path.dentry, writes << OPERATION_WRITE);
}

SEC("lsm/file_fcntl")
int BPF_PROG(match_signal, struct file *file, unsigned int command, unsigned long owner)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;

	/* Nobody, and the process itself, as it knows itself. F_SETOWN_EX has its number in user memory. */
	if (command == F_SETOWN && (!(__u32)owner || (__u32)owner == innermost_pid(leader)))
		return not_judged(ctx);
	if (command != F_SETOWN && command != F_SETOWN_EX)
		return not_judged(ctx);
	return judge_owner(ctx);
}
