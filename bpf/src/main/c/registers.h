/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The arguments of the system call that a task is in.
 */
#pragma once
#include "system_call.h"
#include <linux/ptrace.h>

/*
 * Where the arguments of a system call are in the kernel's copy of the registers, 64-bit and 32-bit (entry_64.S,
 * entry_64_compat.S). The order of struct pt_regs is also that of ptrace(2), so it is the same in all kernels.
 */
#define REGISTER(name) __builtin_offsetof(struct pt_regs, name)
const volatile __u8 registers[16] = {
	REGISTER(rdi), REGISTER(rsi), REGISTER(rdx), REGISTER(r10), REGISTER(r8), REGISTER(r9), 0, 0,
	REGISTER(rbx), REGISTER(rcx), REGISTER(rdx), REGISTER(rsi), REGISTER(rdi), REGISTER(rbp),
};

/* An argument of the system call that the task is in. */
static __always_inline bool read_register(__u32 index, __u64 *value)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool compat = task->thread_info.status & TS_COMPAT;
	const char *regs = (void *)bpf_task_pt_regs(task);

	index = bounded(index + 8 * compat, 15);
	if (bpf_probe_read_kernel(value, sizeof(*value), regs + registers[index]))
		return false;
	if (compat)
		*value = (__u32)*value;
	return true;
}
