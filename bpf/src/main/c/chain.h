/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A decision: the router finds the container's chain for its hook and tail-calls the first step; each step applies its
 * verdict and tail-calls the next. No label, or no chain: the router returns at once.
 *
 * Each hook's object is loaded on its own, with its own program array (the kernel ties an array to one attach point)
 * and with its number below.
 */
#pragma once
#include "kernel.h"
#include "label.h"
#include "report.h"
#include "route.h"
#include "ruleset.h"

/* Index into struct route, set before load. */
const volatile __u32 hook_number = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} steps SEC(".maps");

/* The outer map's elements are array maps of blocks, as many as the ruleset needs. */
struct ruleset_blocks {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, BLOCK_SIZE);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4096);
	__type(key, __u32);
	PINNED;
	__array(values, struct ruleset_blocks);
} rulesets SEC(".maps");

/* A block of a ruleset; NULL when it is not there. */
static __always_inline void *ruleset_block(__u32 ruleset, __u32 block)
{
	void *blocks = bpf_map_lookup_elem(&rulesets, &ruleset);

	return blocks ? bpf_map_lookup_elem(blocks, &block) : NULL;
}

__noinline int report_refusal(const struct label *label, enum reason reason, const struct object *object)
{
	const struct verdict verdict = { .action = ACTION_DENY, .error = EPERM };
	struct source source = { .hook = hook_number };

	if (!label)
		return 0;
	source.container = label->container;
	source.generation = label->decision.generation;
	report(&source, &verdict, reason, object);
	return 0;
}

static __always_inline int refuse(const struct label *label, enum reason reason, const struct object *object)
{
	report_refusal(label, reason, object);
	return -EPERM;
}

/* The step that is running; NULL cannot be for a program that was reached through its chain. */
static __always_inline struct step *current_step(const struct label *label)
{
	__u32 chain_number = label->decision.chain;
	struct chain *chain = bpf_map_lookup_elem(&chains, &chain_number);

	return chain ? &chain->steps[label->decision.step & (STEPS - 1)] : NULL;
}

/* Runs the step that the decision stands at, or allows at the chain's end. */
static __always_inline int run_step(void *ctx, struct label *label)
{
	const struct object nothing = {};
	__u32 chain_number = label->decision.chain;
	struct chain *chain = bpf_map_lookup_elem(&chains, &chain_number);
	__u32 step = label->decision.step;

	if (!chain)
		return refuse(label, REASON_NO_ROUTE, &nothing);
	if (step >= chain->count || step >= STEPS)
		return 0;
	bpf_tail_call(ctx, &steps, chain->steps[step].slot);
	return refuse(label, REASON_NO_STEP, &nothing);
}

/* The verdicts of a ruleset that is a plain table; NULL when it is not there or of another version. */
static __always_inline const struct verdict *verdict_table(const struct step *step)
{
	char *block = step ? ruleset_block(step->ruleset, 0) : NULL;

	if (!block || ((struct ruleset_header *)block)->version != RULESET_VERSION)
		return NULL;
	return (void *)(block + TABLE_OFFSET);
}

/* What a container's route says of this hook. */
struct route_entry {
	__u32 generation;
	__u32 chain; /* number; 0: nothing is decided here */
	bool missing; /* the route is not there */
};

static __always_inline struct route_entry route_entry(const struct label *label)
{
	struct route_entry entry = { .missing = true };
	__u32 route_number;
	struct route *route;
	__u64 *route_word;
	__u64 word;

	route_word = bpf_map_lookup_elem(&container_routes, &label->container);
	if (!route_word)
		return entry;
	word = *(volatile __u64 *)route_word;
	entry.generation = word >> 32;
	route_number = word;
	route = bpf_map_lookup_elem(&routes, &route_number);
	if (!route)
		return entry;
	entry.chain = route->chain[hook_number & (HOOKS - 1)];
	entry.missing = false;
	return entry;
}

/* The router: the whole cost of a hook for tasks without a label, or without a chain there. */
static __always_inline int route_decision(void *ctx)
{
	const struct object nothing = {};
	struct label *label = current_label();
	struct route_entry entry;

	if (!label)
		return 0;
	entry = route_entry(label);
	if (entry.missing)
		return refuse(label, REASON_NO_ROUTE, &nothing);
	if (!entry.chain)
		return 0;
	label->decision.generation = entry.generation;
	label->decision.chain = entry.chain;
	label->decision.step = 0;
	return run_step(ctx, label);
}

/* Applies a verdict: prevents, or goes on with the next step. */
static __always_inline int conclude(void *ctx, struct label *label, const struct verdict *verdict,
				    const struct object *object)
{
	const struct source source = { label->container, hook_number, label->decision.generation };

	if (verdict->action != ACTION_ALLOW)
		report(&source, verdict, REASON_RULE, object);
	if (verdict->action == ACTION_KILL)
		bpf_send_signal(SIGKILL);
	if (verdict->action >= ACTION_DENY)
		return error_of(verdict);
	label->decision.step++;
	return run_step(ctx, label);
}

/* An error inside a step: denies where the step could have denied, is reported and passed elsewhere. */
static __always_inline int conclude_error(void *ctx, struct label *label, const struct step *step, enum reason reason,
					  const struct object *object)
{
	const struct source source = { label->container, hook_number, label->decision.generation };
	const struct verdict verdict = { .action = ACTION_AUDIT };

	if (!step || step->flags & STEP_ENFORCES)
		return refuse(label, reason, object);
	report(&source, &verdict, reason, object);
	label->decision.step++;
	return run_step(ctx, label);
}

/* Goes on with the next step: this one has nothing to say. */
static __always_inline int not_judged(void *ctx)
{
	const struct verdict none = {};
	const struct object nothing = {};
	struct label *label = current_label();

	return label ? conclude(ctx, label, &none, &nothing) : 0;
}

/* Ends a step with a verdict of its ruleset, which is a plain table. Of the index only the bits of mask count. */
static __always_inline int conclude_entry(void *ctx, struct label *label, __u32 index, __u32 mask, const struct object *object)
{
	struct step *step = current_step(label);
	const struct verdict *table = verdict_table(step);

	if (!table)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, object);
	return conclude(ctx, label, &table[bounded(index, mask)], object);
}
