/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A decision at the entry of a kernel function. It has no chain of programs: a traced function may be called in the
 * middle of an LSM decision of the same task, whose state must stay as it is; so all of it is on the stack.
 */
#pragma once
#include "chain.h"
#include "system_call.h"

/* Whether a system call begins in this function; set before load. Its number is then what the event is about. */
const volatile bool begins_system_call = false;

/* Takes the decision, reports it, and kills where that is the verdict. The verdict's action is ALLOW where none acts. */
static __always_inline struct verdict judge_function(void)
{
	const struct verdict broken = { .action = ACTION_DENY, .error = EPERM };
	struct object object = {};
	struct source source = { .hook = hook_number };
	struct label *label = current_label();
	enum reason reason = REASON_RULE;
	const struct verdict *table;
	struct verdict verdict = {};
	__u32 route_number, chain_number;
	struct route *route;
	struct chain *chain;
	__u64 *route_word;
	__u64 word;

	if (!label)
		return verdict;
	source.container = label->container;
	route_word = bpf_map_lookup_elem(&container_routes, &label->container);
	word = route_word ? *(volatile __u64 *)route_word : ~0ULL;
	source.generation = word >> 32;
	route_number = word;
	route = bpf_map_lookup_elem(&routes, &route_number);
	if (!route) {
		verdict = broken;
		reason = REASON_NO_ROUTE;
		goto act;
	}
	chain_number = route->chain[hook_number & (HOOKS - 1)];
	if (!chain_number)
		return verdict;
	chain = bpf_map_lookup_elem(&chains, &chain_number);
	table = verdict_table(chain ? &chain->steps[0] : NULL);
	if (table) {
		verdict = *table;
	} else {
		verdict = broken;
		reason = REASON_NO_RULESET;
	}
act:
	if (begins_system_call) {
		bool compat;

		object.kind = OBJECT_SYSTEM_CALL;
		object.number = system_call(&compat);
		object.operation = compat;
	}
	if (verdict.action != ACTION_ALLOW)
		report(&source, &verdict, reason, &object);
	if (verdict.action == ACTION_KILL)
		bpf_send_signal(SIGKILL);
	return verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
