/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM task_kill (since 5.7): kill, tkill, tgkill, the sigqueue calls, pidfd_send_signal, once for each process that gets the
 * signal. What the kernel sends of its own passes here too in some cases: at a parent's death (PR_SET_PDEATHSIG) it has no
 * siginfo, from a USB device it has other credentials than the task's; those are not the task's deed.
 * Return: 0 allows, a negative errno is what the call returns if nobody got the signal.
 */
#include "signal.h"

HOOK(task_kill)

SEC("lsm/task_kill")
int BPF_PROG(match_signal, struct task_struct *target, void *unused_info, int signal)
{
	struct object object = { .kind = OBJECT_SIGNAL, .number = signal };
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 info = 0, other_cred = 0;
	struct label *label = current_label(), *other;

	if (!label)
		return 0;
	/* As integers: the verifier takes pointer arguments for never NULL. */
	bpf_get_func_arg(ctx, 1, &info);
	bpf_get_func_arg(ctx, 3, &other_cred);
	if (signal < 1 || signal >= SIGNALS || !info || other_cred || target->tgid == task->tgid)
		return not_judged(ctx);
	other = bpf_task_storage_get(&labels, target, 0, 0);
	object.operation = other && other->container == label->container ? SIGNAL_CONTAINER : SIGNAL_OUTSIDE;
	object.text = target->comm;
	object.length = sizeof(target->comm);
	return conclude_entry(ctx, label, object.operation * SIGNALS + signal, 255, &object);
}
