/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_fcntl (since 5.7): fcntl(2), here for naming the owner of a descriptor. Return: 0 allows, a negative errno is
 * what fcntl(2) returns.
 */
#include "signal.h"

HOOK(file_fcntl)

SEC("lsm/file_fcntl")
int BPF_PROG(match_signal, struct file *file, unsigned int command, unsigned long owner)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;

	/* Nobody, and the process itself, as it knows itself. F_SETOWN_EX has its number in user memory. */
	if (command == F_SETOWN && (!(__u32)owner || (__u32)owner == innermost_pid(leader)))
		return no_signal(ctx);
	if (command != F_SETOWN && command != F_SETOWN_EX)
		return no_signal(ctx);
	return judge_owner(ctx);
}
