/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges uses of the mount system calls: the type of the file system, or a word where the use has none of its own; the
 * source of a file system; flags, as mount(2) has them.
 */
#pragma once
#include "hook.h"
#include "key.h"

#define TYPE_SIZE 64 /* of a type's name with its NUL; the kernel's are shorter */
#define SOURCE_SIZE (TEXT_SIZE - TYPE_SIZE)

/* include/uapi/linux/mount.h */
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_PROPAGATION (1 << 17 | 1 << 18 | 1 << 19 | 1 << 20)

/* io.bpfguard.policy.model.MountUse */
static const char bind_use[] = "bind";
static const char move_use[] = "move";
static const char remount_use[] = "remount";
static const char propagation_use[] = "propagation";
static const char tree_use[] = "tree";
static const char attributes_use[] = "attributes";
static const char unmount_use[] = "unmount";

/* Strings in kernel memory, or NULL for none. */
struct mount_use {
	const char *type;
	const char *source;
	__u64 flags; /* MS_ bits, NO_MOUNT_SOURCE, NO_MOUNT_FLAGS */
};

/* Of a file system that mount(2) is asked for, what is behind a dot is not the type's (get_fs_type in fs/filesystems.c). */
static __always_inline __u32 type_length(const char *type)
{
	__u32 length = 0;

#pragma clang loop unroll(disable)
	for (; length < TYPE_SIZE - 1; length++) {
		if (!type[length] || type[length] == '.')
			break;
	}
	return length;
}

/*
 * The number of the verdicts on one use, or a negative enum reason why there is none. The buffer then has what an event
 * shows: TYPE_SIZE bytes of type, and the source behind them.
 */
__noinline int mount_verdicts(struct text_buffer *buffer, __u32 ruleset, const struct mount_use *use)
{
	const struct key_ruleset *rules = ruleset_block(ruleset, 0);
	char *type, *source;
	__u32 state, fields, number;
	long length = 1;

	if (!buffer || !use)
		return -REASON_NO_MEMORY;
	if (!rules || rules->header.version != RULESET_VERSION)
		return -REASON_NO_RULESET;
	type = buffer->text;
	source = buffer->text + TYPE_SIZE;
	__builtin_memset(type, 0, TYPE_SIZE + 1);
	if (use->type && bpf_probe_read_kernel_str(type, TYPE_SIZE, use->type) < 0)
		return -REASON_READ_FAILED;
	if (use->source)
		length = bpf_probe_read_kernel_str(source, SOURCE_SIZE, use->source);
	if (length <= 0)
		return -REASON_READ_FAILED;
	fields = rules->fields;
	state = rules->start;
	if (fields & 1 << FIELD_MOUNT_FLAGS)
		state = follow_integer(ruleset, state, use->flags);
	if (fields & 1 << FIELD_MOUNT_SOURCE) {
		if (length == SOURCE_SIZE)
			return -REASON_PATH_TOO_LONG;
		/* With the NUL behind it; of what has no source, the last byte of the type's place. */
		if (use->flags & NO_MOUNT_SOURCE)
			state = follow(buffer, ruleset, state, TYPE_SIZE - 1, TYPE_SIZE);
		else
			state = follow(buffer, ruleset, state, TYPE_SIZE, TYPE_SIZE + length);
	}
	state = follow(buffer, ruleset, state, 0, type_length(type));
	if (state == STATE_BROKEN || !row_word(ruleset, state, 0, &number) || number > 0x7fffffff)
		return -REASON_NO_RULESET;
	return number;
}

/* Makes the verdict that of a use, if it is stronger. */
static __always_inline enum reason weigh_use(const struct step *step, const struct mount_use *use, struct text_buffer *buffer,
					     struct verdict *strongest)
{
	const struct key_ruleset *rules = step ? ruleset_block(step->ruleset, 0) : NULL;
	const struct verdicts *verdicts;
	int number;

	if (!rules)
		return REASON_NO_RULESET;
	number = mount_verdicts(buffer, step->ruleset, use);
	if (number < 0)
		return -number;
	verdicts = numbered_verdicts(rules, step->ruleset, number);
	if (!verdicts)
		return REASON_NO_RULESET;
	if (verdicts->of[0].action > strongest->action)
		*strongest = verdicts->of[0];
	return REASON_RULE;
}

/* Judges a use, and another one that the same call may be; NULL for none. */
static __always_inline int judge_mount(void *ctx, const struct mount_use *use, const struct mount_use *other)
{
	struct object object = { .kind = OBJECT_MOUNT, .number = use->flags & ~(NO_MOUNT_SOURCE | NO_MOUNT_FLAGS) };
	struct label *label = current_label();
	enum reason reason = REASON_NO_MEMORY;
	struct verdict strongest = {};
	struct text_buffer *buffer;
	struct step *step;

	if (!label)
		return 0;
	step = current_step(label);
	buffer = current_text_buffer();
	if (buffer) {
		reason = weigh_use(step, use, buffer, &strongest);
		if (reason == REASON_RULE && other)
			reason = weigh_use(step, other, buffer, &strongest);
		object.text = buffer->text;
		object.length = OBJECT_SIZE - 1;
	}
	if (reason != REASON_RULE)
		return conclude_error(ctx, label, step, reason, &object);
	return conclude(ctx, label, &strongest, &object);
}

/*
 * Judges a use that has neither source nor flags. Assigned, not initialized: a constant with an address in it would need
 * relocation at load, which libbpf does not do.
 */
static __always_inline int judge_word(void *ctx, const char *word)
{
	struct mount_use use;

	use.type = word;
	use.source = NULL;
	use.flags = NO_MOUNT_SOURCE | NO_MOUNT_FLAGS;
	return judge_mount(ctx, &use, NULL);
}
