/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Runs a key through the DFA of a ruleset, piece by piece: one pass, whatever the number of rules.
 */
#pragma once
#include "chain.h"

#define TEXT_SIZE 4096 /* the longest string with its NUL */
#define STATE_BROKEN 0xffffffff
#define CHUNK 16       /* bytes per turn of bpf_loop: each turn is dear, each byte more is the verifier's work */

/* A decision about a file, see judge.h: what is asked, and what has come out so far. Addresses are numbers here. */
struct judgement {
	__u64 mount;  /* struct vfsmount *; 0: not known */
	__u64 dentry; /* struct dentry * */
	__u64 program; /* struct linux_binprm * of one that is about to be executed; 0 elsewhere */
	__u32 mode;    /* of an inode that is about to be made by mknod(2), with its type; 0 elsewhere */
	__u32 device;  /* likewise, as user space encodes it */
	__u32 memory;  /* what is mapped is or may become other than the file's content */
	__u32 anonymous; /* it is memory without a file; then there is no mount and no dentry */
	__u32 operations;
	__u32 ruleset;
	__u32 fields;  /* that the ruleset's keys have */
	__u32 begin;   /* first state */
	__u32 start;   /* state before the path */
	__u32 places;  /* where the file was found */
	__u32 failure; /* enum reason; REASON_RULE: none */
	__u32 operation; /* that the strongest verdict is about */
	struct verdict strongest;
	__u64 shown_mount; /* the place that it is about */
	__u64 shown_dentry;
	__u64 target_mount; /* of a second name, see alias.h */
	__u64 target_dentry;
	__u32 is_directory;
	__u32 is_renamed;
};

/* The arguments of a program while they are read, see argv.h. */
struct argument_walk {
	__u64 memory;  /* struct mm_struct * of the program to come */
	__u64 address; /* in it, of what is read next */
	__u64 direct;  /* where the kernel has all physical memory mapped */
	__u64 mask;    /* the bits of a frame in an entry of a page table */
	__u32 top;     /* shift of the topmost level of the page tables */
	__u32 left;    /* strings that have not ended */
	__u32 in_name; /* the first string, which is no argument */
	__u32 failed;
	__u32 state;
	__u32 unused;
};

/* The mounts of a superblock while they are visited one after the other, see judge.h. Addresses are numbers here. */
struct search {
	__u64 superblock; /* struct super_block * */
	__u64 next;       /* struct mount * */
	__u64 begun; /* numbers of the namespaces whose mounts count: that which the container began in */
	__u64 own;   /* and the task's */
	__u64 version; /* of the tree when the first of them was taken */
	__u32 tries;
	__u32 is_complete;
};

/* Memory for one string, too large for the stack. Task storage, because the program can be preempted. */
struct text_buffer {
	char text[TEXT_SIZE + 256];
	struct judgement judgement;
	struct argument_walk arguments;
	struct search search;
	__u64 mark;      /* of the path that was read last, see path.h; 0: none was made */
	__u64 last_mark; /* likewise, of the one before */
	__u32 marked;    /* whether marks are made */
	__u32 unused;
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

/* At a state that an earlier scan came to, not 0. False: likewise. */
static __always_inline bool scan_resume(struct scan *scan, __u32 ruleset, __u32 state)
{
	const struct key_ruleset *rules = ruleset_block(ruleset, 0);

	if (!rules || rules->header.version != RULESET_VERSION)
		return false;
	scan->rules = rules;
	scan->ruleset = ruleset;
	scan->state = state;
	scan->block_number = state / BLOCK_WORDS;
	scan->block = ruleset_block(ruleset, scan->block_number);
	return scan->block != NULL;
}

/* At the first state. False when the ruleset is not there or of another version. */
static __always_inline bool scan_begin(struct scan *scan, const struct step *step)
{
	const struct key_ruleset *rules = step ? ruleset_block(step->ruleset, 0) : NULL;

	return rules && scan_resume(scan, step->ruleset, rules->start);
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

/* The verdicts of a number; NULL: the ruleset is not as it should be. */
static __always_inline const struct verdicts *numbered_verdicts(const struct key_ruleset *rules, __u32 ruleset, __u32 number)
{
	const char *verdicts;
	__u32 address;

	if (number >= rules->verdict_count)
		return NULL;
	address = rules->verdicts + number * sizeof(struct verdicts);
	verdicts = ruleset_block(ruleset, address / BLOCK_SIZE);
	if (!verdicts)
		return NULL;
	return (const void *)(verdicts + bounded(address, (BLOCK_SIZE - 1) & ~(sizeof(struct verdicts) - 1)));
}

/* A word of a state's row: what the verdicts' number is in. False: likewise. */
static __always_inline bool row_word(__u32 ruleset, __u32 state, __u32 word, __u32 *value)
{
	const __u32 *block;

	*value = 0;
	if (!state)
		return true;
	block = ruleset_block(ruleset, state / BLOCK_WORDS);
	if (!block)
		return false;
	*value = block[bounded(state + word, BLOCK_WORDS - 1)];
	return true;
}

/* The verdicts for the key that was scanned. NULL: the ruleset is not as it should be. */
static __always_inline const struct verdicts *scan_end(const struct scan *scan)
{
	__u32 number;

	if (scan->failed || !row_word(scan->ruleset, scan->state, 0, &number))
		return NULL;
	return numbered_verdicts(scan->rules, scan->ruleset, number);
}

/* The state behind text[offset..end), from a state on; STATE_BROKEN: the ruleset is not as it should be. */
__noinline __u32 follow(struct text_buffer *buffer, __u32 ruleset, __u32 state, __u32 offset, __u32 end)
{
	struct scan scan = {};

	if (!buffer || state == STATE_BROKEN)
		return STATE_BROKEN;
	if (!state)
		return 0;
	if (!scan_resume(&scan, ruleset, state))
		return STATE_BROKEN;
	scan_text(&scan, buffer->text, offset, end);
	return scan.failed ? STATE_BROKEN : scan.state;
}

/* Likewise behind an integer, as eight bytes, highest first. */
__noinline __u32 follow_integer(__u32 ruleset, __u32 state, __u64 value)
{
	const struct key_ruleset *rules = ruleset_block(ruleset, 0);

	if (!rules || rules->header.version != RULESET_VERSION || state == STATE_BROKEN)
		return STATE_BROKEN;
#pragma clang loop unroll(disable)
	for (int i = 0; i < 8; i++) {
		const __u32 *block = ruleset_block(ruleset, state / BLOCK_WORDS);
		__u8 byte = value >> 56;

		if (!block)
			return STATE_BROKEN;
		if (!state)
			return 0;
		state = block[bounded(state + ROW_HEAD + rules->class_of[byte], BLOCK_WORDS - 1)];
		value <<= 8;
	}
	return state;
}
