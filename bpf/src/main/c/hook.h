/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What every LSM hook's object has: the router, and the matchers that look at no argument of the hook.
 *
 * The previous verdict (the last argument of an LSM program) is not looked at: the kernel's trampoline runs the next
 * program of a hook only while the verdict is 0 (BPF_MODIFY_RETURN semantics of invoke_bpf_mod_ret).
 */
#pragma once
#include "chain.h"
#include "system_call.h"

static __always_inline int judge_system_call(void *ctx)
{
	struct object object = { .kind = OBJECT_SYSTEM_CALL };
	struct label *label = current_label();
	struct verdict verdict = {};
	struct step *step;
	const struct verdict *table;
	bool compat;
	__u32 number;

	if (!label)
		return 0;
	step = current_step(label);
	number = system_call(&compat);
	object.number = number;
	object.operation = compat;
	table = verdict_table(step);
	if (!table)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	if (number < SYSCALLS) {
		if (compat)
			number += SYSCALLS;
		verdict = table[bounded(number, 2 * SYSCALLS - 1)];
	}
	return conclude(ctx, label, &verdict, &object);
}

static __always_inline int judge_always(void *ctx)
{
	const struct object nothing = {};
	struct label *label = current_label();

	return label ? conclude_entry(ctx, label, 0, 0, &nothing) : 0;
}

#define HOOK(name)                                                                                                    \
	SEC("lsm/" #name) int router(void *ctx) { return route_decision(ctx); }                                       \
	SEC("lsm/" #name) int match_system_call(void *ctx) { return judge_system_call(ctx); }                         \
	SEC("lsm/" #name) int match_always(void *ctx) { return judge_always(ctx); }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
