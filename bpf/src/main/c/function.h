/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A decision at the entry of a kernel function. It has no chain of programs: a traced function may be called in the
 * middle of an LSM decision of the same task, whose state must stay as it is. So the steps of its chain, at most one of
 * MATCH_ALWAYS and one of MATCH_ARGUMENTS, are taken by one program with all of the decision on its stack; only strings
 * and paths need memory, of their own.
 */
#pragma once
#include "arguments.h"

/* Whether a system call begins in this function; set before load. Its number is then what the event is about. */
const volatile bool begins_system_call = false;

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

/* Memory for a string; NULL where there is none. To be given back when the event is written, which shows the text. */
static __always_inline struct function_text *take_text(void)
{
	struct function_text *text = bpf_task_storage_get(&function_texts, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!text || text->busy)
		return NULL;
	text->busy = 1;
	return text;
}

/*
 * Takes the decision, reports it, and kills where that is the verdict. The verdict's action is ALLOW where none acts.
 * An internal error prevents where the program can, and kills elsewhere, if the step could do so.
 */
static __always_inline struct verdict judge_function(void *ctx, bool prevents)
{
	const struct verdict broken = { .action = prevents ? ACTION_DENY : ACTION_KILL, .error = prevents ? EPERM : 0 };
	struct object object = {};
	struct comparison comparison = {};
	struct source source = { .hook = hook_number };
	struct label *label = current_label();
	const struct step *by_arguments = NULL;
	enum reason reason = REASON_RULE;
	struct function_text *text = NULL;
	struct verdict verdict = {};
	struct route_entry entry;
	struct chain *chain;

	if (!label)
		return verdict;
	entry = route_entry(label);
	source.container = label->container;
	source.generation = entry.generation;
	if (entry.missing) {
		verdict = broken;
		reason = REASON_NO_ROUTE;
		goto act;
	}
	if (!entry.chain)
		return verdict;
	chain = bpf_map_lookup_elem(&chains, &entry.chain);
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
		const struct key_ruleset *rules = arguments_ruleset(by_arguments);
		const struct verdict *found = NULL;
		struct verdict error = broken;

		object.kind = OBJECT_ARGUMENTS;
		comparison.ruleset = by_arguments->ruleset;
		comparison.failure = REASON_NO_RULESET;
		if (rules) {
			text = rules->texts ? take_text() : NULL;
			comparison.failure = rules->texts && !text ? REASON_NO_MEMORY : REASON_RULE;
			found = compare_arguments(ctx, rules, text ? &text->buffer : NULL, &comparison, &object);
		}
		if (!found && !(by_arguments->flags & STEP_ENFORCES)) {
			error.action = ACTION_AUDIT;
			error.error = 0;
		}
		if (!found)
			found = &error;
		if (found->action > verdict.action) {
			verdict = *found;
			reason = comparison.failure;
		}
	}
act:
	if (begins_system_call && object.kind == OBJECT_NONE) {
		bool compat;

		object.kind = OBJECT_SYSTEM_CALL;
		object.number = system_call(&compat);
		object.operation = compat;
	}
	if (verdict.action != ACTION_ALLOW)
		report(&source, &verdict, reason, &object);
	if (text)
		text->busy = 0;
	if (verdict.action == ACTION_KILL)
		bpf_send_signal(SIGKILL);
	return verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
