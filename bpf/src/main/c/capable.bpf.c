/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM capable (since 5.7): the kernel asks whether the task has a capability. Return: 0 lets the kernel's own rules
 * decide, a negative errno means "has it not".
 */
#include "hook.h"

HOOK(capable)

SEC("lsm/capable")
int BPF_PROG(match_capability, const void *cred, void *ns, int capability)
{
	struct object object = { .kind = OBJECT_CAPABILITY, .number = capability };
	struct label *label = current_label();
	const struct verdict *table;
	struct step *step;

	if (!label)
		return 0;
	step = current_step(label);
	table = verdict_table(step);
	if (!table)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	return conclude(ctx, label, &table[bounded(capability, CAPABILITIES - 1)], &object);
}
