/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The path of a file, from the root of its mount namespace, which is the container's root once the runtime has pivoted
 * there. Walked over dentries and mounts from the leaf up: bpf_d_path would stop at the task's fs->root, which chroot(2)
 * moves, and is not allowed on most hooks. Names are bytes; nothing is escaped.
 *
 * rename_lock (fs/dcache.c) is odd while a rename is under way and changes with each: a path that was read across one
 * is read again, and refused if that goes on.
 */
#pragma once
#include "key.h"

#define PATH_LAST (TEXT_SIZE - 1)       /* where the path's NUL stands: it is written from its end */
#define PATH_TURNS (TEXT_SIZE / 2 + 512) /* components and mounts */
#define PATH_TRIES 4

extern const void rename_lock __ksym __weak;

struct walk {
	char *text;
	struct dentry *dentry;
	struct mount *mount;
	__u32 offset; /* of the first byte written */
	bool ended;
	bool failed;
};

static long walk_up(__u64 index, struct walk *walk)
{
	struct dentry *dentry = walk->dentry;
	struct mount *mount = walk->mount;
	struct dentry *parent;
	struct qstr name = {};
	__u32 offset, length;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		struct mount *upper = BPF_CORE_READ(mount, mnt_parent);

		if (upper == mount || !upper) {
			walk->ended = true;
			return 1;
		}
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = upper;
		return 0;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	name.len = BPF_CORE_READ(dentry, d_name.len);
	name.name = BPF_CORE_READ(dentry, d_name.name);
	length = name.len;
	offset = walk->offset;
	if (!parent || length > 255 || offset < length + 1 || offset > PATH_LAST) {
		walk->failed = true;
		return 1;
	}
	offset -= length;
	if (bpf_probe_read_kernel(walk->text + bounded(offset, TEXT_SIZE - 1), bounded(length, 255), name.name)) {
		walk->failed = true;
		return 1;
	}
	if (parent == dentry) {
		/* The top of a file system that is mounted nowhere (memfd, pipe): a name without a slash. */
		walk->offset = offset;
		walk->ended = true;
		return 1;
	}
	offset--;
	walk->text[bounded(offset, TEXT_SIZE - 1)] = '/';
	walk->offset = offset;
	walk->dentry = parent;
	return 0;
}

static __always_inline __u32 renames(void)
{
	__u32 sequence = 0;

	if (&rename_lock)
		bpf_probe_read_kernel(&sequence, sizeof(sequence), &rename_lock);
	return sequence;
}

/*
 * Writes the path into the buffer and returns the offset of its first byte; 0 when it is too long or could not be read
 * (a path never starts at 0: the longest has 4095 bytes less the walk's spare one).
 */
static __always_inline __u32 render_path(struct vfsmount *mount, struct dentry *dentry, struct text_buffer *buffer)
{
	for (int try = 0; try < PATH_TRIES; try++) {
		__u32 before = renames();
		struct walk walk = {};

		walk.text = buffer->text;
		walk.dentry = dentry;
		walk.mount = (void *)mount - bpf_core_field_offset(struct mount, mnt);
		walk.offset = PATH_LAST;
		buffer->text[PATH_LAST] = 0;
		bpf_loop(PATH_TURNS, walk_up, &walk, 0);
		if (before & 1 || before != renames())
			continue;
		if (walk.failed || !walk.ended)
			return 0;
		if (walk.offset == PATH_LAST) {
			walk.offset--;
			buffer->text[PATH_LAST - 1] = '/';
		}
		return walk.offset;
	}
	return 0;
}

/* Judges each operation of the mask (bits by enum path_operation) on a file; the strongest verdict counts. */
static __always_inline int judge_path(void *ctx, struct vfsmount *mount, struct dentry *dentry, __u32 operations)
{
	struct object object = { .kind = OBJECT_PATH };
	struct label *label = current_label();
	const struct verdicts *verdicts;
	struct text_buffer *buffer;
	struct verdict strongest = {};
	struct scan scan = {};
	struct step *step;
	__u32 offset;

	if (!label)
		return 0;
	step = current_step(label);
	buffer = current_text_buffer();
	if (!buffer)
		return conclude_error(ctx, label, step, REASON_NO_MEMORY, &object);
	offset = render_path(mount, dentry, buffer);
	if (!offset)
		return conclude_error(ctx, label, step, REASON_PATH_TOO_LONG, &object);
	object.text = buffer->text + bounded(offset, TEXT_SIZE - 1);
	object.length = PATH_LAST - offset;
	if (!scan_begin(&scan, step))
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	if (scan.rules->fields != 1 << FIELD_PATH)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	scan_text(&scan, buffer->text, offset, PATH_LAST);
	verdicts = scan_end(&scan);
	if (!verdicts)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
#pragma clang loop unroll(disable)
	for (int i = 0; i < OPERATIONS; i++) {
		if (!(operations & (1 << i)))
			continue;
		if (verdicts->of[i].action > strongest.action) {
			strongest = verdicts->of[i];
			object.operation = i;
		}
	}
	return conclude(ctx, label, &strongest, &object);
}
