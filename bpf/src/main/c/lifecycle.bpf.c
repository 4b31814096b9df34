/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A container's life, as far as identity goes: its cgroup is made (raw tracepoint cgroup_mkdir, BTF-typed since 5.5),
 * the workload is executed (LSM bprm_creds_for_exec, since 5.8), it forks (LSM task_alloc, since 5.7), it mounts for the first
 * time (LSM sb_mount, move_mount and sb_pivotroot, since 5.7), the cgroup is removed (raw tracepoint cgroup_rmdir, since 5.5).
 * What belongs to no container and should: unclaimed.h (also LSM task_kill and ptrace_access_check, since 5.7).
 *
 * What the runtime does inside the cgroup is not the workload: its re-exec, mounts and hooks, again at each exec session.
 * The rule that tells them apart: an exec in the runtime's mount namespace is the runtime; the first exec elsewhere, of
 * a task whose parent is outside the cgroup, is the workload (hooks that init runs have a parent inside). From then on
 * each exec in the cgroup outside the runtime's mount namespace is the workload's.
 *
 * Return of the LSM programs: 0 allows; a negative errno refuses the exec or fork. Of the tracepoints: ignored.
 */
#include "cgroup.h"
#include "event.h"
#include "label.h"
#include "layout.h"
#include "namespace.h"
#include "unclaimed.h"

/* The mount namespace that stands in for the runtime's where nobody saw the cgroup being made. */
const volatile __u32 host_mntns = 0;

enum claim { CLAIMED, NOT_EXPECTED, FAILED };

/* Gives a cgroup to the container that was announced under its name. */
static __always_inline enum claim claim(struct cgroup *cgroup, __u32 runtime_mntns, __u32 *number)
{
	struct cgroup_name name = {};
	struct container *container;
	__u32 *found;
	__u64 id;

	if (bpf_probe_read_kernel_str(name.text, sizeof(name.text), BPF_CORE_READ(cgroup, kn, name)) <= 0)
		return FAILED;
	found = bpf_map_lookup_elem(&expected, &name);
	if (!found)
		return NOT_EXPECTED;
	*number = *found;
	container = bpf_map_lookup_elem(&containers, number);
	if (!container || container->state == CONTAINER_FREE)
		return NOT_EXPECTED;
	id = cgroup_id(cgroup);
	if (container->state == CONTAINER_EXPECTED) {
		container->cgroup = id;
		container->runtime_mntns = runtime_mntns;
		container->state = CONTAINER_MADE;
	}
	/* A second cgroup of the same name belongs to the container too: judged rather than free. */
	return bpf_map_update_elem(&cgroups, &id, number, BPF_ANY) ? FAILED : CLAIMED;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_made, struct cgroup *cgroup)
{
	__u32 number;

	/* A container's own cgroups are below its cgroup and have its route. */
	if (current_label())
		return 0;
	note_cgroup(cgroup);
	claim(cgroup, mount_namespace(bpf_get_current_task_btf()), &number);
	return 0;
}

/*
 * Not cgroup_release: a removed cgroup is released when the last page that was charged to it is gone, which can be never,
 * while no task can be in it any more.
 */
SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_gone, struct cgroup *cgroup)
{
	__u64 id = cgroup_id(cgroup);
	__u32 *number = bpf_map_lookup_elem(&cgroups, &id);
	struct container *container;

	forget_cgroup(id);
	if (!number)
		return 0;
	container = bpf_map_lookup_elem(&containers, number);
	if (container && container->cgroup == id)
		container->state = CONTAINER_GONE;
	bpf_map_delete_elem(&cgroups, &id);
	return 0;
}

SEC("lsm/task_alloc")
int BPF_PROG(task_made, struct task_struct *task, unsigned long clone_flags)
{
	struct label *label = current_label();

	if (!label)
		return 0;
	return label_task(task, label->container) ? 0 : -ENOMEM;
}

SEC("lsm/bprm_creds_for_exec")
int BPF_PROG(program_executed, struct linux_binprm *bprm)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	struct container *container;
	__u32 number = 0;

	if (current_label())
		return 0;
	switch (find_container(cgroup, &number)) {
	case FOUND:
		break;
	case TOO_DEEP:
		return -EPERM;
	default:
		/*
		 * The tracepoint's program is not run again while it is preempted on the same CPU: it may have missed one. Or the
		 * map of cgroups was full, and is still.
		 */
		switch (claim(cgroup, host_mntns, &number)) {
		case CLAIMED:
			break;
		case NOT_EXPECTED:
			return execute_unclaimed(bprm, task, cgroup, host_mntns);
		default:
			return -EPERM;
		}
	}
	container = bpf_map_lookup_elem(&containers, &number);
	if (!container)
		return -EPERM;
	if (mount_namespace(task) == container->runtime_mntns)
		return 0;
	if (container->state != CONTAINER_ARMED) {
		if (is_inside(BPF_CORE_READ(task, real_parent, cgroups, dfl_cgrp), container->cgroup))
			return 0;
		remember_root(container, task);
		container->state = CONTAINER_ARMED;
	} else if (!container->namespace) {
		remember_root(container, task);
		container->mounted = 1; /* it ran unseen */
	}
	return label_task(task, number) ? 0 : -ENOMEM;
}

/* From now on a file may have several paths. Noted whatever the policies are: others may come while it runs. */
static __always_inline int note_mounting(void)
{
	struct label *label = current_label();
	struct container *container;
	__u32 number;

	if (!label)
		return 0;
	number = label->container;
	container = bpf_map_lookup_elem(&containers, &number);
	if (container)
		container->mounted = 1;
	return 0;
}

SEC("lsm/sb_mount")
int mount_asked(void *ctx)
{
	return note_mounting();
}

SEC("lsm/move_mount")
int mount_moved(void *ctx)
{
	return note_mounting();
}

SEC("lsm/sb_pivotroot")
int root_changed(void *ctx)
{
	return note_mounting();
}

SEC("lsm/task_kill")
int BPF_PROG(held_signalled, struct task_struct *target, void *info, int signal)
{
	return signal == SIGCONT && is_held(target) ? -EPERM : 0;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(held_traced, struct task_struct *target, unsigned int mode)
{
	return mode & PTRACE_MODE_ATTACH && is_held(target) ? -EPERM : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
