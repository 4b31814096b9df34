/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Runs a key through the DFA of a ruleset, piece by piece: one pass, whatever the number of rules.
 */
#pragma once
#include "chain.h"

#define TEXT_SIZE 4096 /* the longest string with its NUL */
#define CHUNK 32       /* bytes per turn of bpf_loop: each turn is dear, each byte more is the verifier's work */

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

/* A walk through a DFA. */
struct scan {
	const char *text; /* TEXT_SIZE + 256 bytes of map memory */
	const struct key_ruleset *rules;
	const __u32 *block; /* the block that holds the current state's row */
	__u32 ruleset;
	__u32 block_number;
	__u32 state; /* word address of the current state's row; 0 = no rule can match any more */
	__u32 position;
	__u32 end;
	bool failed;
};

/* At a state; false when there is none of this address. */
static __always_inline bool scan_to(struct scan *scan, __u32 state)
{
	scan->state = state;
	scan->block_number = state / BLOCK_WORDS;
	scan->block = ruleset_block(scan->ruleset, scan->block_number);
	return scan->block != NULL;
}

/* At the first state. False when the ruleset is not there or of another version. */
static __always_inline bool scan_begin(struct scan *scan, const struct step *step)
{
	const struct key_ruleset *rules = step ? ruleset_block(step->ruleset, 0) : NULL;

	if (!rules || rules->header.version != RULESET_VERSION)
		return false;
	scan->rules = rules;
	scan->ruleset = step->ruleset;
	return scan_to(scan, rules->start);
}

/* Goes on by an integer's eight bytes, highest first. */
static __always_inline void scan_integer(struct scan *scan, __u64 value)
{
	const struct key_ruleset *rules = scan->rules;

#pragma clang loop unroll(disable)
	for (int i = 0; i < 8; i++) {
		__u8 byte = value >> 56;

		if (!scan->state)
			return;
		value <<= 8;
		scan->state = scan->block[bounded(scan->state + ROW_HEAD + rules->class_of[byte], BLOCK_WORDS - 1)];
		if (scan->state && scan->state / BLOCK_WORDS != scan->block_number) {
			const __u32 *block = ruleset_block(scan->ruleset, scan->state / BLOCK_WORDS);

			if (!block) {
				scan->failed = true;
				return;
			}
			scan->block = block;
			scan->block_number = scan->state / BLOCK_WORDS;
		}
	}
}

static long scan_chunk(__u64 index, struct scan *scan)
{
	const struct key_ruleset *rules = scan->rules;
	const __u32 *block = scan->block;
	const char *text = scan->text;
	__u32 position = scan->position;
	__u32 state = scan->state;
	__u32 end = scan->end;

#pragma clang loop unroll(disable)
	for (int i = 0; i < CHUNK; i++) {
		__u8 byte;

		if (position >= end || !state)
			break;
		byte = text[bounded(position, TEXT_SIZE - 1)];
		position++;
		state = block[bounded(state + ROW_HEAD + rules->class_of[byte], BLOCK_WORDS - 1)];
		if (state && state / BLOCK_WORDS != scan->block_number) {
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
	return position >= end || !state;
}

/* Goes on by the bytes of text from offset to before end, at most TEXT_SIZE; text points to TEXT_SIZE + 256 bytes of map memory. */
static __always_inline void scan_text(struct scan *scan, const char *text, __u32 offset, __u32 end)
{
	if (!scan->state || scan->failed)
		return;
	scan->text = text;
	scan->position = offset;
	scan->end = end;
	bpf_loop(TEXT_SIZE / CHUNK + 1, scan_chunk, scan, 0);
	if (scan->state && scan->position < end)
		scan->failed = true;
}

static __always_inline const struct verdicts *scan_verdicts(const struct scan *scan, __u32 word)
{
	const struct key_ruleset *rules = scan->rules;
	const char *verdicts;
	__u32 verdict = 0;

	if (scan->failed)
		return NULL;
	if (scan->state) {
		const __u32 *block = ruleset_block(scan->ruleset, scan->state / BLOCK_WORDS);

		if (!block)
			return NULL;
		verdict = block[bounded(scan->state + word, BLOCK_WORDS - 1)];
	}
	if (verdict >= rules->verdict_count)
		return NULL;
	verdict = rules->verdicts + verdict * sizeof(struct verdicts);
	verdicts = ruleset_block(scan->ruleset, verdict / BLOCK_SIZE);
	if (!verdicts)
		return NULL;
	return (const void *)(verdicts + bounded(verdict, (BLOCK_SIZE - 1) & ~(sizeof(struct verdicts) - 1)));
}

/* The verdicts for the key that was scanned. NULL: the ruleset is not as it should be. */
static __always_inline const struct verdicts *scan_end(const struct scan *scan)
{
	return scan_verdicts(scan, 0);
}

/* The strongest verdicts for the key that was scanned and all that go on from it. NULL: likewise. */
static __always_inline const struct verdicts *scan_below(const struct scan *scan)
{
	return scan_verdicts(scan, 1);
}
