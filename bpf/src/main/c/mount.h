/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges what is about to be mounted, by the name of its file system type in kernel memory.
 */
#pragma once
#include "hook.h"
#include "key.h"

static __always_inline int judge_mount(void *ctx, const char *type)
{
	struct object object = { .kind = OBJECT_MOUNT };
	struct label *label = current_label();
	const struct verdicts *verdicts;
	struct text_buffer *buffer;
	struct verdict verdict;
	struct scan scan = {};
	struct step *step;
	long length;

	if (!label)
		return 0;
	step = current_step(label);
	buffer = current_text_buffer();
	if (!buffer)
		return conclude_error(ctx, label, step, REASON_NO_MEMORY, &object);
	length = bpf_probe_read_kernel_str(buffer->text, TEXT_SIZE, type);
	if (length <= 0)
		return conclude_error(ctx, label, step, REASON_READ_FAILED, &object);
	object.text = buffer->text;
	object.length = length - 1;
	if (!scan_begin(&scan, step))
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	if (scan.rules->fields != 1 << FIELD_FILE_SYSTEM_TYPE)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	scan.state = follow(buffer, scan.ruleset, scan.state, 0, length - 1);
	verdicts = scan_end(&scan);
	if (!verdicts)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	verdict = verdicts->of[0];
	return conclude(ctx, label, &verdict, &object);
}
