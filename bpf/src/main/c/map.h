/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges what becomes executable memory. It counts as memory rather than as the file when its content is or may become
 * other than the file's (SELinux draws the same lines: execmem, execmod).
 */
#pragma once
#include "hook.h"
#include "judge.h"

/* include/uapi/asm-generic/mman-common.h */
#define PROT_WRITE 2
#define PROT_EXEC 4

static __always_inline int judge_mapping(void *ctx, struct file *mapped, unsigned long protection, bool memory)
{
	const struct facts facts = { .memory = memory, .anonymous = !mapped };
	struct seen file = {};

	if (mapped) {
		/* A mapping of an overlay's file has one of the layer below as its file. */
		struct path *path = user_path(mapped) ?: (void *)mapped + bpf_core_field_offset(struct file, f_path);

		file.mount = BPF_CORE_READ(path, mnt);
		file.dentry = BPF_CORE_READ(path, dentry);
	}
	return judge_file(ctx, &file, &facts, (protection & PROT_EXEC) / PROT_EXEC << OPERATION_MAP);
}
