/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges the opening of files of procfs that show a process's memory. Most of them pass ptrace_access_check when they are
 * opened; but the own memory does not, and on Linux 7.2 not even another's does, for who has CAP_PERFMON. They are told by
 * the file system and the name of the file, not by path: procfs can be mounted anywhere.
 */
#pragma once
#include "hook.h"

#define PROC_SUPER_MAGIC 0x9fa0 /* include/uapi/linux/magic.h */
#define PROCESS_NAME 16

static __always_inline bool is_name(const char *name, const char *wanted, int size)
{
	for (int i = 0; i < size; i++) {
		if (name[i] != wanted[i])
			return false;
	}
	return true;
}

#define NAMED(name, wanted) is_name(name, wanted, sizeof(wanted))

/* fs/proc/base.c: the files that are opened by proc_mem_open with PTRACE_MODE_READ, and map_files. */
static __always_inline bool shows_layout(const char *name)
{
	return NAMED(name, "environ") || NAMED(name, "auxv") || NAMED(name, "maps") || NAMED(name, "smaps") ||
	       NAMED(name, "smaps_rollup") || NAMED(name, "numa_maps") || NAMED(name, "pagemap") || NAMED(name, "map_files");
}

/* The task that a directory of procfs is about; NULL when it is gone. */
static __always_inline struct task_struct *task_of(struct pid *pid)
{
	struct hlist_node *first = BPF_CORE_READ(pid, tasks[0].first);

	return first ? (void *)first - bpf_core_field_offset(struct task_struct, pid_links) : NULL;
}

static __always_inline int judge_process_file(void *ctx, struct file *file)
{
	struct object object = { .kind = OBJECT_PROCESS_FILE };
	struct task_struct *task = bpf_get_current_task_btf(), *target;
	struct label *label = current_label();
	const struct verdict none = {};
	char name[PROCESS_NAME] = {};
	struct inode *inode;
	bool is_memory, is_own;
	struct pid *pid;

	if (!label)
		return 0;
	inode = file->f_inode;
	if (inode->i_sb->s_magic != PROC_SUPER_MAGIC)
		return conclude(ctx, label, &none, &object);
	pid = BPF_CORE_READ((struct proc_inode *)((void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode)), pid);
	if (!pid)
		return conclude(ctx, label, &none, &object);
	if (bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name)) < 0)
		return conclude_error(ctx, label, current_step(label), REASON_READ_FAILED, &object);
	is_memory = NAMED(name, "mem");
	target = task_of(pid);
	is_own = target && (BPF_CORE_READ(target, tgid) == task->tgid || BPF_CORE_READ(target, mm) == task->mm);
	if (is_memory && !is_own)
		object.operation = PROCESS_ATTACH;
	else if (is_memory && file->f_mode & FMODE_WRITE)
		object.operation = PROCESS_OWN_MEMORY;
	else if (!is_own && shows_layout(name))
		object.operation = PROCESS_READ;
	else
		return conclude(ctx, label, &none, &object);
	object.number = target ? BPF_CORE_READ(target, tgid) : 0;
	object.text = name;
	object.length = sizeof(name);
	return conclude_entry(ctx, label, object.operation, 3, &object);
}
