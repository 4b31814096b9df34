/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Runs a string through the DFA of a ruleset: one pass, whatever the number of globs.
 */
#pragma once
#include "chain.h"

#define TEXT_SIZE 4096 /* the longest string with its NUL */
#define CHUNK 64       /* bytes per turn of bpf_loop, whose call is dear */

/* A run through a DFA. */
struct scan {
	const char *text;           /* TEXT_SIZE + 256 bytes of map memory */
	const struct string_ruleset *rules;
	const __u32 *block;         /* the block that holds the current state's row */
	__u32 ruleset;
	__u32 block_number;
	__u32 state;                /* word address of the current state's row; 0 = no rule can match any more */
	__u32 position;
	bool ended;
	bool failed;
};

static long scan_chunk(__u64 index, struct scan *scan)
{
	const struct string_ruleset *rules = scan->rules;
	const __u32 *block = scan->block;
	const char *text = scan->text;
	__u32 position = scan->position;
	__u32 state = scan->state;
	long ended = 0;

#pragma clang loop unroll(disable)
	for (int i = 0; i < CHUNK; i++) {
		__u8 byte = text[bounded(position, TEXT_SIZE - 1)];

		if (!byte) {
			ended = 1;
			break;
		}
		position++;
		state = block[bounded(state + rules->class_of[byte], BLOCK_WORDS - 1)];
		if (!state) {
			ended = 1;
			break;
		}
		if (state / BLOCK_WORDS != scan->block_number) {
			__u32 number = state / BLOCK_WORDS;

			block = ruleset_block(scan->ruleset, number);
			if (!block) {
				scan->failed = true;
				return 1;
			}
			scan->block = block;
			scan->block_number = number;
		}
	}
	scan->position = position;
	scan->state = state;
	scan->ended = ended;
	return ended;
}

/*
 * Verdicts for the NUL-terminated string at text + offset. NULL: the ruleset is not as it should be, or the string has
 * no end. text points to TEXT_SIZE + 256 bytes of map memory.
 */
static __always_inline const struct string_verdict *scan_text(__u32 ruleset, const char *text, __u32 offset)
{
	const struct string_ruleset *rules = ruleset_block(ruleset, 0);
	struct scan scan = {};
	const char *verdicts;
	__u32 verdict = 0;

	if (!rules || rules->header.version != RULESET_VERSION)
		return NULL;
	scan.text = text;
	scan.rules = rules;
	scan.ruleset = ruleset;
	scan.state = rules->start;
	scan.position = offset;
	scan.block_number = scan.state / BLOCK_WORDS;
	scan.block = ruleset_block(ruleset, scan.block_number);
	if (!scan.block)
		return NULL;
	bpf_loop(TEXT_SIZE / CHUNK + 1, scan_chunk, &scan, 0);
	if (scan.failed || !scan.ended)
		return NULL;
	if (scan.state) {
		const __u32 *block = ruleset_block(ruleset, scan.state / BLOCK_WORDS);

		if (!block)
			return NULL;
		verdict = block[bounded(scan.state, BLOCK_WORDS - 1)];
	}
	if (verdict >= rules->verdict_count)
		return NULL;
	verdict = rules->verdicts + verdict * sizeof(struct string_verdict);
	verdicts = ruleset_block(ruleset, verdict / BLOCK_SIZE);
	if (!verdicts)
		return NULL;
	return (const void *)(verdicts + bounded(verdict, (BLOCK_SIZE - 1) & ~(sizeof(struct string_verdict) - 1)));
}

/* Memory for one string, too large for the stack. Task storage, because the program can be preempted. */
struct text_buffer {
	char text[TEXT_SIZE + 256];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct text_buffer);
	PINNED;
} text_buffers SEC(".maps");

static __always_inline struct text_buffer *current_text_buffer(void)
{
	return bpf_task_storage_get(&text_buffers, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
}
