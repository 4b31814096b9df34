/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Mount namespaces. Their inode numbers are used again; the numbers here are not (64 bits that count up).
 */
#pragma once
#include "route.h"

#define MAX_ERRNO 4095

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

/* The workload begins in the task's namespaces: the paths of its files are those that they have there. */
static __always_inline void remember_root(struct container *container, struct task_struct *task)
{
	container->root = (__u64)BPF_CORE_READ(task, fs, root.mnt, mnt_sb);
	container->namespace = namespace_number(namespace_of(task));
}
