/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The system call that a task is in.
 */
#pragma once
#include "kernel.h"

/* arch/x86/include/uapi/asm/unistd.h: x32 calls are 64-bit ones with this bit, and own numbers from 512 on. */
#define X32_SYSCALL_BIT 0x40000000

/* The number of the system call that the task is in; compat says by which table. */
static __always_inline __u32 system_call(bool *compat)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs___kernel *regs = (void *)bpf_task_pt_regs(task);

	*compat = task->thread_info.status & TS_COMPAT;
	return BPF_CORE_READ(regs, orig_ax) & ~X32_SYSCALL_BIT;
}
