/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which container a task's cgroup belongs to. A container is a cgroup with all that is below it.
 */
#pragma once
#include "route.h"

#define LEVELS 64 /* of nested cgroups; containers are above */

static __always_inline __u64 cgroup_id(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, kn, id);
}

static __always_inline struct cgroup *cgroup_parent(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *parent = BPF_CORE_READ(cgroup, self.parent);

	return parent ? BPF_CORE_READ(parent, cgroup) : NULL;
}

static __always_inline unsigned int mount_namespace(struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

enum search { FOUND, NOT_FOUND, TOO_DEEP };

/* The innermost container that holds the cgroup. */
static __always_inline enum search find_container(struct cgroup *cgroup, __u32 *container)
{
#pragma clang loop unroll(disable)
	for (int level = 0; level < LEVELS; level++) {
		__u64 id;
		__u32 *found;

		if (!cgroup)
			return NOT_FOUND;
		id = cgroup_id(cgroup);
		found = bpf_map_lookup_elem(&cgroups, &id);
		if (found) {
			*container = *found;
			return FOUND;
		}
		cgroup = cgroup_parent(cgroup);
	}
	return cgroup ? TOO_DEEP : NOT_FOUND;
}

/* Whether the cgroup is the one with this id or below it; too deep counts as yes. */
static __always_inline bool is_inside(struct cgroup *cgroup, __u64 id)
{
#pragma clang loop unroll(disable)
	for (int level = 0; level < LEVELS; level++) {
		if (!cgroup)
			return false;
		if (cgroup_id(cgroup) == id)
			return true;
		cgroup = cgroup_parent(cgroup);
	}
	return cgroup != NULL;
}
