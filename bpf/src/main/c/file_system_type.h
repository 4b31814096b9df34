/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges the name of a file system type, kernel memory, that is about to be mounted.
 */
#pragma once
#include "hook.h"
#include "text.h"

static __always_inline int judge_file_system_type(void *ctx, const char *name)
{
	struct object object = { .kind = OBJECT_FILE_SYSTEM_TYPE };
	struct label *label = current_label();
	const struct string_verdict *verdicts;
	struct text_buffer *buffer;
	struct verdict verdict;
	struct step *step;
	long length;

	if (!label)
		return 0;
	step = current_step(label);
	buffer = current_text_buffer();
	if (!buffer)
		return conclude_error(ctx, label, step, REASON_NO_MEMORY, &object);
	length = bpf_probe_read_kernel_str(buffer->text, TEXT_SIZE, name);
	if (length <= 0)
		return conclude_error(ctx, label, step, REASON_READ_FAILED, &object);
	object.text = buffer->text;
	object.length = length - 1;
	verdicts = step ? scan_text(step->ruleset, buffer->text, 0) : NULL;
	if (!verdicts)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	verdict = verdicts->of[0];
	return conclude(ctx, label, &verdict, &object);
}
