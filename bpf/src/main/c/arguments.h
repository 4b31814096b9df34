/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges the arguments of a hook, of a function, or of the system call in progress, and members of what they point to:
 * the ruleset says which, and how to get there (struct argument in ruleset.h).
 *
 * Only kernel memory is read. What a pointer into user memory leads to can change between this look and the kernel's own
 * (and may not be in memory at all), so its reading fails, which denies where the ruleset can deny. The registers of a
 * system call are the copy on the task's kernel stack that the call itself got its arguments from: user space does not
 * reach it, and a tracer changes it only while the task stands at the entry or exit of a call.
 */
#pragma once
#include "path.h"
#include "registers.h"

/* The values of a key while they are compared one after the other. On the caller's stack, and all of it numbers. */
struct comparison {
	__u64 values[ARGUMENTS]; /* of the integers; of others the argument itself */
	__u64 parent;  /* the argument that has the mount, if the value is a dentry */
	__u32 ruleset;
	__u32 state;   /* of the scan; 0: no rule can match any more */
	__u32 failure; /* enum reason; REASON_RULE: none */
	__u32 count;   /* integers that were compared; they come first */
	__u32 begin;   /* the last string or path, in the buffer */
	__u32 length;
};

/* Replaces an argument of a hook or function, which is there already, where the way to the value begins elsewhere. */
static __always_inline bool read_source(const struct argument *argument, __u64 *value)
{
	bool compat;

	switch (argument->source) {
	case SOURCE_ARGUMENT:
		return true;
	case SOURCE_SYSTEM_CALL:
		*value = system_call(&compat);
		*value |= (__u64)compat << 32;
		return true;
	case SOURCE_REGISTER:
		return read_register(argument->index, value);
	default:
		return false;
	}
}

/* From the source to the address or the value that counts; 0 behind a NULL pointer. */
static __always_inline bool follow_pointers(const struct argument *argument, __u64 *value)
{
#pragma clang loop unroll(disable)
	for (int i = 0; i < DEREFERENCES; i++) {
		if (i >= argument->dereferences)
			break;
		if (!*value)
			return true;
		if (bpf_probe_read_kernel(value, sizeof(*value), (void *)(*value + argument->offsets[i])))
			return false;
	}
	if (*value)
		*value += argument->offsets[argument->dereferences & DEREFERENCES];
	return true;
}

/* The integer at the end of the way, in 64 bits. */
static __always_inline bool read_integer(const struct argument *argument, __u64 *value)
{
	__u32 above = 64 - argument->bits;
	__u32 size = argument->size;

	if (size && *value) {
		__u64 read = 0;

		if (size > sizeof(read) || bpf_probe_read_kernel(&read, size, (void *)*value))
			return false;
		*value = read;
	}
	*value <<= (above - argument->shift) & 63;
	if (argument->kind == ARGUMENT_SIGNED)
		*value = (__s64)*value >> (above & 63);
	else
		*value >>= above & 63;
	return true;
}

/*
 * Writes a string or path with its NUL to the buffer, and where it begins and ends; nothing behind a NULL pointer. address:
 * of the string, the struct path or the dentry. parent: of the struct path that has the dentry's mount.
 */
static __always_inline enum reason read_text(__u32 kind, __u64 address, __u64 parent, struct text_buffer *buffer, __u32 *begin,
					     __u32 *end)
{
	struct path *path = (void *)(kind == ARGUMENT_DENTRY ? parent : address);
	__u64 mount = 0, dentry = address;
	long length;

	buffer->text[0] = 0;
	*begin = 0;
	*end = 1;
	if (!path || !address)
		return REASON_RULE;
	if (kind == ARGUMENT_STRING) {
		length = bpf_probe_read_kernel_str(buffer->text, TEXT_SIZE + 1, (void *)address);
		if (length <= 0)
			return REASON_READ_FAILED;
		if (length > TEXT_SIZE)
			return REASON_PATH_TOO_LONG;
		*end = length;
		return REASON_RULE;
	}
	if (BPF_CORE_READ_INTO(&mount, path, mnt) || (kind == ARGUMENT_PATH && BPF_CORE_READ_INTO(&dentry, path, dentry)))
		return REASON_READ_FAILED;
	if (!mount || !dentry)
		return REASON_RULE;
	*begin = render(buffer, mount, dentry);
	*end = TEXT_SIZE;
	return *begin && !(*begin & PATH_OUTSIDE) ? REASON_RULE : REASON_PATH_TOO_LONG;
}

/* The scan goes on by the next value. What the matcher is made of, the verifier checks once: this is a function of its own. */
__noinline int compare_argument(struct comparison *comparison, struct text_buffer *buffer, __u32 number)
{
	__u64 i = bounded(number, ARGUMENTS - 1);
	const struct key_ruleset *rules;
	const struct argument *argument;
	__u32 begin, end;
	__u64 value;

	if (!comparison)
		return 0;
	rules = ruleset_block(comparison->ruleset, 0);
	comparison->failure = REASON_NO_RULESET;
	if (!rules)
		return 0;
	argument = &rules->arguments[i];
	value = comparison->values[i];
	comparison->failure = REASON_READ_FAILED;
	if (!read_source(argument, &value) || !follow_pointers(argument, &value))
		return 0;
	if (argument->kind <= ARGUMENT_SIGNED) {
		if (!read_integer(argument, &value))
			return 0;
		comparison->values[i] = value;
		comparison->count = i + 1;
		comparison->state = follow_integer(comparison->ruleset, comparison->state, value);
	} else {
		if (!buffer)
			return 0;
		comparison->failure = read_text(argument->kind, value, comparison->parent, buffer, &begin, &end);
		if (comparison->failure != REASON_RULE)
			return 0;
		comparison->begin = begin;
		comparison->length = end - begin - 1;
		/* The last field of a key has no NUL. */
		if (!(rules->fields >> i >> 1))
			end--;
		comparison->state = follow(buffer, comparison->ruleset, comparison->state, begin, end);
	}
	comparison->failure = comparison->state == STATE_BROKEN ? REASON_NO_RULESET : REASON_RULE;
	return 0;
}

/*
 * The verdict of a step's ruleset, and the object of its event. NULL when something went wrong: then "failure" says what.
 * buffer: NULL where there is no memory, and where the ruleset asks for none.
 */
static __always_inline const struct verdict *compare_arguments(void *ctx, const struct key_ruleset *rules, struct text_buffer *buffer,
								struct comparison *comparison, struct object *object)
{
	const struct verdicts *verdicts = NULL;
	__u32 number;

	comparison->state = rules->start;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < ARGUMENTS; i++) {
		const struct argument *argument = &rules->arguments[i];
		__u64 value = 0, parent = 0;

		if (!(rules->fields >> i & 1) || !comparison->state || comparison->failure != REASON_RULE)
			break;
		/* Counted in registers, as the trampoline stores them (helper since 5.17); not looked at where not asked for. */
		bpf_get_func_arg(ctx, argument->index, &value);
		bpf_get_func_arg(ctx, argument->mount, &parent);
		comparison->values[i] = value;
		comparison->parent = parent;
		compare_argument(comparison, buffer, i);
	}
	object->values = comparison->values;
	object->value_count = comparison->count;
	if (comparison->count && rules->arguments[0].source == SOURCE_SYSTEM_CALL) {
		object->kind = OBJECT_SYSTEM_CALL;
		object->number = (__u32)comparison->values[0];
		object->operation = comparison->values[0] >> 32;
	}
	if (buffer && comparison->length) {
		object->text = buffer->text + bounded(comparison->begin, TEXT_SIZE - 1);
		object->length = comparison->length;
	}
	if (comparison->failure != REASON_RULE)
		return NULL;
	if (row_word(comparison->ruleset, comparison->state, 0, &number))
		verdicts = numbered_verdicts(rules, comparison->ruleset, number);
	if (!verdicts) {
		comparison->failure = REASON_NO_RULESET;
		return NULL;
	}
	return &verdicts->of[0];
}

/* The ruleset of a step; NULL when it is not there or of another version. */
static __always_inline const struct key_ruleset *arguments_ruleset(const struct step *step)
{
	const struct key_ruleset *rules = step ? ruleset_block(step->ruleset, 0) : NULL;

	return rules && rules->header.version == RULESET_VERSION ? rules : NULL;
}

/* The matcher of every LSM hook. */
static __always_inline int judge_arguments(void *ctx)
{
	struct object object = { .kind = OBJECT_ARGUMENTS };
	struct comparison comparison = {};
	struct label *label = current_label();
	const struct verdict *found = NULL;
	const struct key_ruleset *rules;
	struct text_buffer *buffer = NULL;
	struct verdict verdict;
	struct step *step;

	if (!label)
		return 0;
	step = current_step(label);
	rules = arguments_ruleset(step);
	if (rules) {
		comparison.ruleset = step->ruleset;
		if (rules->texts)
			buffer = current_text_buffer();
		if (rules->texts && !buffer)
			comparison.failure = REASON_NO_MEMORY;
		found = compare_arguments(ctx, rules, buffer, &comparison, &object);
	} else {
		comparison.failure = REASON_NO_RULESET;
	}
	/* One place for errors: each copy of what follows one costs stack, of which all frames together have 512 bytes. */
	if (!found)
		return conclude_error(ctx, label, step, comparison.failure, &object);
	verdict = *found;
	return conclude(ctx, label, &verdict, &object);
}
