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
	struct verdict verdict;
	struct step *step;
	char *table;

	if (!label)
		return 0;
	step = current_step(label);
	table = step ? ruleset_block(step->ruleset, 0) : NULL;
	if (!table || ((struct ruleset_header *)table)->version != RULESET_VERSION)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	verdict = ((struct verdict *)(table + TABLE_OFFSET))[bounded(capability, CAPABILITIES - 1)];
	return conclude(ctx, label, &verdict, &object);
}
