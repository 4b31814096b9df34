/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Writes events.
 */
#pragma once
#include "event.h"

static __always_inline __u32 innermost_pid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct upid upid = {};

	if (bpf_core_read(&upid, sizeof(upid), (void *)pid + bpf_core_field_offset(struct pid, numbers) +
						   level * bpf_core_type_size(struct upid)))
		return 0;
	return upid.nr;
}

/* Counts an event of the container; two CPUs that begin a second at once may let a few more pass. */
static __always_inline bool is_over_rate(struct container *container, __u64 now)
{
	__u64 second = now / 1000000000;

	if (container->second != second) {
		container->second = second;
		container->events_in_second = 0;
	}
	return __sync_fetch_and_add(&container->events_in_second, 1) >= EVENTS_PER_SECOND;
}

/* A function of its own, which the verifier checks once and not for each caller. */
__noinline int report(const struct source *source, const struct verdict *verdict, enum reason reason,
		      const struct object *object)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_boot_ns();
	struct container *container;
	__u32 container_number;
	struct event *event;
	__u64 id;

	if (!source || !verdict || !object)
		return 0;
	container_number = source->container;
	container = bpf_map_lookup_elem(&containers, &container_number);
	if (container) {
		__sync_fetch_and_add(&container->decisions[verdict->action & 3], 1);
		if (reason != REASON_RULE && reason != REASON_UNCLAIMED)
			__sync_fetch_and_add(&container->errors, 1);
		if (is_over_rate(container, now)) {
			__sync_fetch_and_add(&container->events_throttled, 1);
			return 0;
		}
	}
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		if (container)
			__sync_fetch_and_add(&container->events_lost, 1);
		return 0;
	}
	event->time = now;
	event->cgroup = reason == REASON_UNCLAIMED ? bpf_get_current_cgroup_id() : container ? container->cgroup : 0;
	event->container = container_number;
	event->generation = source->generation;
	event->rule = verdict->rule;
	event->hook = source->hook;
	id = bpf_get_current_pid_tgid();
	event->pid = id >> 32;
	event->tid = id;
	event->ns_pid = innermost_pid(task);
	event->uid = bpf_get_current_uid_gid();
	event->action = verdict->action;
	event->error = verdict->error;
	event->reason = reason;
	event->object_kind = object->kind;
	event->operation = object->operation;
	event->number = object->number;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->object_length = object->length;
	event->value_count = object->value_count;
	if (!object->values || bpf_probe_read_kernel(event->values, sizeof(event->values), object->values))
		event->value_count = 0;
	event->object[0] = 0;
	if (object->text) {
		__u32 length = object->length;

		if (length > OBJECT_SIZE - 1)
			length = OBJECT_SIZE - 1;
		if (bpf_probe_read_kernel(event->object, bounded(length, OBJECT_SIZE - 1), object->text))
			length = 0;
		event->object[bounded(length, OBJECT_SIZE - 1)] = 0;
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * What a verdict that prevents returns. Written as a subtraction because the verifier wants to see that the result is in
 * [-4095, 0] and does not follow a negation.
 */
static __always_inline __s64 error_of(const struct verdict *verdict)
{
	__s64 error = verdict->error ? verdict->error : EPERM;
	__s64 result = 0;

	asm volatile("%0 -= %1" : "+r"(result) : "r"(error));
	return result;
}
