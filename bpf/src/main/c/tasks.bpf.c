/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Iterators over all tasks (since 5.8); reading one from its file runs it.
 *
 *   adopt     labels the tasks of armed containers that have no label: those that ran before the agent. Writes 4 bytes,
 *             the container's number, for each task that it labelled, and 0xffffffff where it could not.
 *   labelled  writes the container's number for each labelled task.
 *
 * Return: 0 goes on.
 */
#include "cgroup.h"
#include "label.h"
#include "namespace.h"

SEC("iter/task")
int adopt(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct container *container;
	__u32 number = 0;

	if (!task || task->flags & PF_KTHREAD)
		return 0;
	if (bpf_task_storage_get(&labels, task, 0, 0))
		return 0;
	if (find_container(BPF_CORE_READ(task, cgroups, dfl_cgrp), &number) != FOUND)
		return 0;
	container = bpf_map_lookup_elem(&containers, &number);
	if (!container || container->state != CONTAINER_ARMED || mount_namespace(task) == container->runtime_mntns)
		return 0;
	if (!container->namespace) {
		/* The first to be met is the oldest. */
		remember_root(container, task);
		container->mounted = 1; /* it ran unseen */
	}
	if (!label_task(task, number))
		number = ~0U;
	bpf_seq_write(seq, &number, sizeof(number));
	return 0;
}

SEC("iter/task")
int labelled(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct label *label;

	if (!task)
		return 0;
	label = bpf_task_storage_get(&labels, task, 0, 0);
	if (label)
		bpf_seq_write(seq, &label->container, sizeof(label->container));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
