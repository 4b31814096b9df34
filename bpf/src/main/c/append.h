/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Descriptors that were opened for appending alone (file_open.bpf.c judges them so), and how they could do more.
 */
#pragma once
#include "judge.h"
#include "system_call.h"

#define F_SETFL 4
#define MAY_WRITE 2
#define RWF_NOAPPEND 0x20

static __always_inline bool is_append_only(const struct file *file)
{
	return file->f_flags & O_APPEND && (file->f_mode & (FMODE_READ | FMODE_WRITE)) == FMODE_WRITE;
}

/*
 * Whether the task writes by a system call that keeps to the end of the file. What io_uring does carries the number of
 * whatever call the task is in, so no number can be relied on once a task uses it.
 */
static __always_inline bool is_plain_write(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs___kernel *regs = (void *)bpf_task_pt_regs(task);
	bool compat;
	__u32 number = system_call(&compat);

	if (task->flags & PF_IO_WORKER || BPF_CORE_READ(task, io_uring))
		return false;
	if (compat) {
		switch (number) {
		case 4:   /* write */
		case 146: /* writev */
		case 181: /* pwrite64 */
		case 187: /* sendfile */
		case 239: /* sendfile64 */
		case 313: /* splice */
		case 334: /* pwritev */
			return true;
		case 379: /* pwritev2 */
			return !(BPF_CORE_READ(regs, bp) & RWF_NOAPPEND);
		}
		return false;
	}
	switch (number) {
	case 1:   /* write */
	case 18:  /* pwrite64 */
	case 20:  /* writev */
	case 40:  /* sendfile */
	case 275: /* splice */
	case 296: /* pwritev */
		return true;
	case 328: /* pwritev2 */
		return !(BPF_CORE_READ(regs, r9) & RWF_NOAPPEND);
	}
	return false;
}
