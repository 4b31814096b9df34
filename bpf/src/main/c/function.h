/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A decision at the entry of a kernel function. It has no chain of programs: a traced function may be called in the
 * middle of an LSM decision of the same task, whose state must stay as it is. So the steps of its chain, at most one of
 * MATCH_ALWAYS and one of MATCH_ARGUMENTS, are taken by one program with all of the decision on its stack; only strings
 * and paths need memory, of their own.
 */
#pragma once
#include "arguments.h"

#define FUNCTION_STEPS 2

/*
 * The text that a function's program reads. The program may be interrupted by another one of the same task: of a function
 * that the helpers below call, or that an interrupt calls. That one finds the memory busy.
 */
struct function_text {
	struct text_buffer buffer;
	__u32 busy;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct function_text);
	PINNED;
} function_texts SEC(".maps");

/* The verdict of a step of MATCH_ARGUMENTS. An action of ALLOW with a reason: an error. */
static __always_inline enum reason judge_function_arguments(void *ctx, const struct step *step, struct verdict *verdict,
							    struct arguments *arguments)
{
	const struct verdicts *verdicts;
	struct function_text *text = NULL;

	if (!scan_begin(&arguments->scan, step))
		return REASON_NO_RULESET;
	if (arguments->scan.rules->texts) {
		text = bpf_task_storage_get(&function_texts, bpf_get_current_task_btf(), 0,
					    BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!text || text->busy)
			return REASON_NO_MEMORY;
		text->busy = 1;
		arguments->texts = &text->buffer;
	}
	verdicts = scan_arguments(arguments);
	if (verdicts)
		*verdict = verdicts->of[0];
	/* Taken until the event is written, which shows the text. */
	return arguments->failure;
}

/*
 * Takes the decision, reports it, and kills where that is the verdict. The verdict's action is ALLOW where none acts.
 * An internal error prevents where the program can, and kills elsewhere, if the step could do so.
 */
static __always_inline struct verdict judge_function(void *ctx, bool prevents)
{
	const struct verdict broken = { .action = prevents ? ACTION_DENY : ACTION_KILL, .error = prevents ? EPERM : 0 };
	struct object object = {};
	struct arguments arguments = { .ctx = ctx, .object = &object };
	struct source source = { .hook = hook_number };
	struct label *label = current_label();
	enum reason reason = REASON_RULE;
	const struct step *by_arguments = NULL;
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
	if (!chain || chain->count > FUNCTION_STEPS) {
		verdict = broken;
		reason = REASON_NO_ROUTE;
		goto act;
	}
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < FUNCTION_STEPS; i++) {
		const struct step *step = &chain->steps[i];
		const struct verdict *table;

		if (i >= chain->count)
			break;
		if (step->slot == MATCH_ARGUMENTS) {
			by_arguments = step;
			continue;
		}
		table = step->slot == MATCH_ALWAYS ? verdict_table(step) : NULL;
		if (table) {
			verdict = *table;
		} else {
			verdict = broken;
			reason = REASON_NO_RULESET;
			goto act;
		}
	}
	if (by_arguments) {
		struct verdict found = {};

		object.kind = OBJECT_ARGUMENTS;
		reason = judge_function_arguments(ctx, by_arguments, &found, &arguments);
		if (reason != REASON_RULE) {
			found = broken;
			if (!(by_arguments->flags & STEP_ENFORCES)) {
				found.action = ACTION_AUDIT;
				found.error = 0;
			}
		}
		if (found.action > verdict.action)
			verdict = found;
		else
			reason = REASON_RULE;
	}
act:
	if (verdict.action != ACTION_ALLOW)
		report(&source, &verdict, reason, &object);
	if (arguments.texts)
		((struct function_text *)arguments.texts)->busy = 0;
	if (verdict.action == ACTION_KILL)
		bpf_send_signal(SIGKILL);
	return verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
