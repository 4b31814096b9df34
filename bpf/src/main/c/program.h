/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * For programs of /etc/bpfguard/programs.d, which a rule of the family "programs" names. Such an object has one program, made
 * by one of the macros below, whose body is a condition: it looks at the call and returns
 *
 *   0          the rule does not apply
 *   above 0    the rule applies: its action is taken, and the number is in the event
 *   below 0    the program cannot tell; where the rule denies or kills, that denies, or kills where nothing can be prevented
 *
 * The rest is as with any other rule: the action, the errno, the mode, and the steps of other rules, which run before and
 * behind it. A program runs only for containers that a policy with the rule selects.
 *
 *   LSM_PROGRAM(hook, parameters...)           a step of the chain of an LSM hook (lsm/HOOK, since 5.11)
 *   FENTRY_PROGRAM(function, parameters...)    at the entry of a kernel function: sees, kills (fentry/FUNCTION, since 5.5)
 *   FMOD_RET_PROGRAM(function, parameters...)  likewise, and prevents, where the kernel lets a function be replaced
 *                                              (fmod_ret/FUNCTION, since 5.7)
 *
 * The parameters are those of the hook or function. A variable that is declared PARAMETER gets its value from the rule:
 * an integer, or an array of char for text.
 *
 * Compile with: clang -g -O2 -mcpu=v3 --target=bpf -D__TARGET_ARCH_x86 -I (the folder of this file) -c NAME.bpf.c -o NAME.bpf.o
 */
#pragma once
#include "chain.h"
#include "layout.h"

#define PARAMETER SEC(".rodata.parameters") const volatile

/* Ends the step of a chain. */
static __always_inline int conclude_program(void *ctx, long said)
{
	const struct object object = { .kind = OBJECT_PROGRAM, .number = said };
	struct label *label = current_label();

	if (!label)
		return 0;
	if (said < 0)
		return conclude_error(ctx, label, current_step(label), REASON_PROGRAM_FAILED, &object);
	return said ? conclude_entry(ctx, label, 0, 0, &object) : not_judged(ctx);
}

/* The one step of this program's chain at a function; NULL where the container has none, or none that can be read. */
static __always_inline struct step *function_step(const struct route_entry *entry)
{
	struct chain *chain = bpf_map_lookup_elem(&chains, &entry->chain);

	return chain && chain->count == 1 ? &chain->steps[0] : NULL;
}

/*
 * Acts on what a program at a function said; such a program has its route's entry to itself, because a function may be called
 * in the middle of an LSM decision of the same task (function.h). Returns the verdict, of which an action below DENY lets the
 * function run.
 */
static __always_inline struct verdict conclude_function(const struct label *label, const struct route_entry *entry, long said,
							bool prevents)
{
	const struct object object = { .kind = OBJECT_PROGRAM, .number = said };
	const struct source source = { label->container, hook_number, entry->generation };
	struct verdict broken = { .action = prevents ? ACTION_DENY : ACTION_KILL, .error = prevents ? EPERM : 0 };
	struct step *step = entry->missing ? NULL : function_step(entry);
	const struct verdict *table = verdict_table(step);
	enum reason reason = REASON_RULE;
	struct verdict verdict = {};

	if (!table) {
		verdict = broken;
		reason = step ? REASON_NO_RULESET : REASON_NO_ROUTE;
	} else if (said < 0) {
		verdict = broken;
		reason = REASON_PROGRAM_FAILED;
	} else if (said) {
		verdict = *table;
	}
	if (reason != REASON_RULE && step && !(step->flags & STEP_ENFORCES)) {
		verdict.action = ACTION_AUDIT;
		verdict.error = 0;
	}
	if (verdict.action != ACTION_ALLOW)
		report(&source, &verdict, reason, &object);
	if (verdict.action == ACTION_KILL)
		bpf_send_signal(SIGKILL);
	return verdict;
}

#define CALL_PROGRAM(args...)                                                                                         \
	_Pragma("GCC diagnostic push")                                                                                \
	_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                                                        \
	condition(___bpf_ctx_cast(args))                                                                              \
	_Pragma("GCC diagnostic pop")

#define LSM_PROGRAM(hook, args...)                                                                                    \
	static __always_inline long condition(unsigned long long *ctx, ##args);                                       \
	SEC("lsm/" #hook) int program(unsigned long long *ctx)                                                        \
	{                                                                                                             \
		return conclude_program(ctx, CALL_PROGRAM(args));                                                     \
	}                                                                                                             \
	static __always_inline long condition(unsigned long long *ctx, ##args)

#define FUNCTION_PROGRAM(section, prevents, args...)                                                                  \
	static __always_inline long condition(unsigned long long *ctx, ##args);                                       \
	SEC(section) long program(unsigned long long *ctx)                                                            \
	{                                                                                                             \
		struct label *label = current_label();                                                                \
		struct route_entry entry;                                                                             \
		struct verdict verdict;                                                                               \
                                                                                                                      \
		if (!label)                                                                                           \
			return 0;                                                                                     \
		entry = route_entry(label);                                                                           \
		if (!entry.missing && !entry.chain)                                                                   \
			return 0;                                                                                     \
		verdict = conclude_function(label, &entry, CALL_PROGRAM(args), prevents);                             \
		return prevents && verdict.action >= ACTION_DENY ? error_of(&verdict) : 0;                            \
	}                                                                                                             \
	static __always_inline long condition(unsigned long long *ctx, ##args)

#define FENTRY_PROGRAM(function, args...) FUNCTION_PROGRAM("fentry/" #function, false, args)
#define FMOD_RET_PROGRAM(function, args...) FUNCTION_PROGRAM("fmod_ret/" #function, true, args)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
