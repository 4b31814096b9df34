/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A task's label says which container it belongs to. It comes from exec of the workload, from fork and from adoption
 * (lifecycle.bpf.c, tasks.bpf.c), and is never taken away: moving to another cgroup or namespace changes nothing.
 *
 * A decision in progress is kept here too. Matchers are separate programs that share only the task; and these programs
 * can be preempted, so nothing of a decision may live in per-CPU memory. One task takes one LSM decision at a time:
 * nothing that a matcher calls passes an LSM hook.
 */
#pragma once
#include "kernel.h"

struct decision {
	__u32 generation; /* of the policies that decide, for the event */
	__u32 chain;
	__u32 step;
};

struct label {
	__u32 container; /* index into containers */
	struct decision decision;
	__u32 binding; /* type of the Unix socket that bind(2) is about to give a path; from socket_bind to path_mknod */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct label);
	PINNED;
} labels SEC(".maps");

/* The current task's label; NULL for tasks that belong to no container. */
static __always_inline struct label *current_label(void)
{
	return bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
}

/* Gives a task a label. False when there is no memory: the caller must then refuse what would make the task run. */
static __always_inline bool label_task(struct task_struct *task, __u32 container)
{
	struct label label = { .container = container };

	return bpf_task_storage_get(&labels, task, &label, BPF_LOCAL_STORAGE_GET_F_CREATE) != NULL;
}
