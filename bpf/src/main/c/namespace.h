/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Mount namespaces. Their inode numbers are used again; the numbers here are not (64 bits that count up).
 */
#pragma once
#include "route.h"

#define MAX_ERRNO 4095
#define PID_NAMESPACES 33 /* MAX_PID_NS_LEVEL and the first (include/linux/pid_namespace.h) */

/* Mounts of the kernel itself, such as those of memfds and pipes, have an error number in the place of a namespace. */
static __always_inline bool is_internal(struct mnt_namespace *namespace)
{
	return (__u64)namespace >= -(__u64)MAX_ERRNO;
}

static __always_inline struct mnt_namespace *namespace_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, mnt_ns);
}

/* 0 for none, for the kernel's own, and (before 6.18) for those of trees that are mounted nowhere. */
static __always_inline __u64 namespace_number(struct mnt_namespace *namespace)
{
	struct mnt_namespace___numbered *numbered = (void *)namespace;
	struct ns_common___numbered *common = (void *)namespace + bpf_core_field_offset(struct mnt_namespace, ns);

	if (!namespace || is_internal(namespace))
		return 0;
	if (bpf_core_field_exists(numbered->seq))
		return BPF_CORE_READ(numbered, seq);
	return BPF_CORE_READ(common, ns_id);
}

/*
 * Whether the namespace of this number still has its mounts: whether the first process of one of the task's pid
 * namespaces is in it. False where that cannot be told, as with the host's pid namespace.
 */
static __always_inline bool namespace_lives(struct task_struct *task, __u64 number)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct upid upid = {};
	struct pid_namespace *namespace;

	if (!number || bpf_core_read(&upid, sizeof(upid), (void *)pid + bpf_core_field_offset(struct pid, numbers) +
						   level * bpf_core_type_size(struct upid)))
		return false;
	namespace = upid.ns;
#pragma clang loop unroll(disable)
	for (int i = 0; i < PID_NAMESPACES; i++) {
		if (!namespace)
			return false;
		if (namespace_number(namespace_of(BPF_CORE_READ(namespace, child_reaper))) == number)
			return true;
		namespace = BPF_CORE_READ(namespace, parent);
	}
	return false;
}

/* The workload begins in the task's namespaces: the paths of its files are those that they have there. */
static __always_inline void remember_root(struct container *container, struct task_struct *task)
{
	container->root = (__u64)BPF_CORE_READ(task, fs, root.mnt, mnt_sb);
	container->namespace = namespace_number(namespace_of(task));
}
