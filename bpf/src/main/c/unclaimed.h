/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Containers that nobody claimed: cgroups below a guarded root for which the runtime got no answer, because the agent was not there, too
 * slow, or had no room. What the runtime does in such a cgroup is let be, but no workload is executed. The exception is the program
 * that only holds a pod's namespaces: it is stopped before its first instruction, and holds them all the same, until the agent learns from
 * the runtime that the cgroup is a pod's sandbox and lets it go on. So a program of that name in another container does nothing either.
 *
 * Cgroups that were there before the guard are none of these: their containers run, and are taken over.
 */
#pragma once
#include "cgroup.h"
#include "report.h"

#define GUARDED_ROOTS 16
#define PAUSE_PROGRAMS 16
#define PROGRAM_NAME_SIZE 64
#define UNCLAIMED 0 /* the slot in containers that stands for all of them: its counters, its label */
#define SIGCONT 18
#define SIGSTOP 19
#define PTRACE_MODE_ATTACH 2

enum unclaimed_mode {
	UNCLAIMED_LET, /* nothing is done */
	UNCLAIMED_AUDITED,
	UNCLAIMED_DENIED,
};

struct unclaimed {
	__u64 first; /* id of the first cgroup that was made under the guard; ids only rise (kernfs_new_node) */
	__u32 mode;  /* enum unclaimed_mode */
	__u32 unused;
};

struct program_name {
	char text[PROGRAM_NAME_SIZE]; /* padded with NULs */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct unclaimed);
	PINNED;
} unclaimed SEC(".maps");

/* Names of cgroups directly below the root of the hierarchy, and the ids of those that exist. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GUARDED_ROOTS);
	__type(key, struct cgroup_name);
	__type(value, __u32);
	PINNED;
} guarded_names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GUARDED_ROOTS);
	__type(key, __u64);
	__type(value, __u32);
	PINNED;
} guarded_roots SEC(".maps");

/* File names of the programs that hold a pod's namespaces. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PAUSE_PROGRAMS);
	__type(key, struct program_name);
	__type(value, __u32);
	PINNED;
} pause_programs SEC(".maps");

/* Ids of cgroups that are pods' sandboxes, by the runtime's word. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u32);
	PINNED;
} sandboxes SEC(".maps");

static __always_inline struct unclaimed *unclaimed_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&unclaimed, &zero);
}

/* Notes the first cgroup under the guard, and roots as they are made. */
static __always_inline void note_cgroup(struct cgroup *cgroup)
{
	struct unclaimed *settings = unclaimed_settings();
	struct cgroup *parent = cgroup_parent(cgroup);
	struct cgroup_name name = {};
	__u64 id = cgroup_id(cgroup);
	__u32 yes = 1;

	if (settings && !settings->first)
		__sync_val_compare_and_swap(&settings->first, 0, id);
	if (!parent || cgroup_parent(parent))
		return;
	if (bpf_probe_read_kernel_str(name.text, sizeof(name.text), BPF_CORE_READ(cgroup, kn, name)) > 0 &&
	    bpf_map_lookup_elem(&guarded_names, &name))
		bpf_map_update_elem(&guarded_roots, &id, &yes, BPF_ANY);
}

static __always_inline void forget_cgroup(__u64 id)
{
	bpf_map_delete_elem(&guarded_roots, &id);
	bpf_map_delete_elem(&sandboxes, &id);
}

static __noinline void report_unclaimed(struct linux_binprm *bprm, __u32 action)
{
	const struct verdict verdict = { .action = action, .error = action == ACTION_DENY ? EPERM : 0 };
	const struct source source = { .container = UNCLAIMED };
	struct cgroup_name path = {}; /* its beginning is enough */
	long length = bpf_probe_read_kernel_str(path.text, sizeof(path.text), BPF_CORE_READ(bprm, filename));
	struct object object = { .kind = OBJECT_PATH, .operation = OPERATION_EXEC, .text = path.text };

	if (length > 1)
		object.length = length - 1;
	report(&source, &verdict, REASON_UNCLAIMED, &object);
}

static __always_inline bool is_pause(struct linux_binprm *bprm)
{
	struct program_name name = {};

	return bpf_probe_read_kernel_str(name.text, sizeof(name.text), BPF_CORE_READ(bprm, file, f_path.dentry, d_name.name)) > 0 &&
	       bpf_map_lookup_elem(&pause_programs, &name);
}

/* An exec in a cgroup without a container; 0 where it is none of ours. */
static __always_inline int execute_unclaimed(struct linux_binprm *bprm, struct task_struct *task, struct cgroup *cgroup,
					     __u32 runtime_mntns)
{
	struct unclaimed *settings = unclaimed_settings();
	__u64 root = bpf_get_current_ancestor_cgroup_id(1);
	__u64 id = cgroup_id(cgroup);

	if (!settings || settings->mode == UNCLAIMED_LET || !bpf_map_lookup_elem(&guarded_roots, &root))
		return 0;
	if (!settings->first || id < settings->first || mount_namespace(task) == runtime_mntns)
		return 0;
	if (bpf_map_lookup_elem(&sandboxes, &id))
		return 0;
	/* A hook that the runtime's init runs. */
	if (is_inside(BPF_CORE_READ(task, real_parent, cgroups, dfl_cgrp), id))
		return 0;
	if (settings->mode == UNCLAIMED_AUDITED) {
		report_unclaimed(bprm, ACTION_AUDIT);
		return 0;
	}
	if (!is_pause(bprm)) {
		report_unclaimed(bprm, ACTION_DENY);
		return -EPERM;
	}
	return label_task(task, UNCLAIMED) && !bpf_send_signal(SIGSTOP) ? 0 : -EPERM;
}

/* Whether a container may do to a task what would let it go on: not to one that was stopped here. */
static __always_inline bool is_held(struct task_struct *target)
{
	struct label *label = current_label() ? bpf_task_storage_get(&labels, target, 0, 0) : NULL;

	return label && label->container == UNCLAIMED;
}
