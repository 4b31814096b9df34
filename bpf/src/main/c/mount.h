/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges uses of the mount system calls: the type of the file system, or a word where the use has none of its own; the
 * source of a file system; flags, as mount(2) has them.
 */
#pragma once
#include "hook.h"
#include "key.h"

#define TYPE_SIZE 64 /* of a type's name with its NUL; the kernel's are shorter */
#define TYPE_OFFSET (256 - TYPE_SIZE)
#define SOURCE_OFFSET 256 /* TEXT_SIZE bytes are left for it */

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
static __always_inline void cut_subtype(char *type)
{
#pragma clang loop unroll(disable)
	for (int i = 0; i < TYPE_SIZE; i++) {
		if (!type[i])
			break;
		if (type[i] == '.') {
			type[i] = 0;
			break;
		}
	}
}

/* The verdict on one use; the buffer then has what an event shows: TYPE_SIZE bytes of type, and the source behind them. */
static __always_inline enum reason mount_verdict(const struct step *step, const struct mount_use *use,
						 struct text_buffer *buffer, struct object *object, struct verdict *verdict)
{
	char *type = buffer->text + TYPE_OFFSET, *source = buffer->text + SOURCE_OFFSET;
	const struct verdicts *verdicts;
	struct scan scan = {};
	long type_length = 1, source_length = 1;

	__builtin_memset(type, 0, TYPE_SIZE);
	source[0] = 0;
	if (use->type)
		type_length = bpf_probe_read_kernel_str(type, TYPE_SIZE, use->type);
	if (use->source)
		source_length = bpf_probe_read_kernel_str(source, TEXT_SIZE, use->source);
	if (type_length <= 0 || source_length <= 0)
		return REASON_READ_FAILED;
	cut_subtype(type);
	object->number = use->flags & ~(NO_MOUNT_SOURCE | NO_MOUNT_FLAGS);
	object->text = type;
	object->length = TYPE_SIZE + source_length - 1;
	if (!scan_begin(&scan, step))
		return REASON_NO_RULESET;
	if (scan.rules->fields & 1 << FIELD_MOUNT_FLAGS)
		scan_integer(&scan, use->flags);
	if (scan.rules->fields & 1 << FIELD_MOUNT_SOURCE) {
		/* What a bind mount shows of is not looked up yet. */
		if (use->flags & NO_MOUNT_SOURCE) {
			char first = source[0];

			source[0] = 0;
			scan_text(&scan, source, 0, 1);
			source[0] = first;
		} else {
			scan_text(&scan, source, 0, source_length);
		}
	}
#pragma clang loop unroll(disable)
	for (int i = 0; i < TYPE_SIZE; i++) {
		type_length = i;
		if (!type[i])
			break;
	}
	scan_text(&scan, type, 0, type_length);
	verdicts = scan_end(&scan);
	if (!verdicts)
		return REASON_NO_RULESET;
	*verdict = verdicts->of[0];
	return REASON_RULE;
}

static __always_inline int judge_mount(void *ctx, const struct mount_use *use)
{
	struct object object = { .kind = OBJECT_MOUNT };
	struct label *label = current_label();
	struct verdict verdict = {};
	struct text_buffer *buffer;
	enum reason reason;
	struct step *step;

	if (!label)
		return 0;
	step = current_step(label);
	buffer = current_text_buffer();
	if (!buffer)
		return conclude_error(ctx, label, step, REASON_NO_MEMORY, &object);
	reason = mount_verdict(step, use, buffer, &object, &verdict);
	if (reason != REASON_RULE)
		return conclude_error(ctx, label, step, reason, &object);
	return conclude(ctx, label, &verdict, &object);
}
