/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The bytes of a ruleset, written by io.bpfguard.policy.compile and read by the matchers. Little-endian, no pointers,
 * never changed once it is in the kernel (its map is frozen).
 *
 * A ruleset lives in an array map of 64 KiB elements ("blocks"). Addresses inside it are byte or word numbers from its
 * beginning; nothing that is read as one piece crosses a block.
 *
 * Every ruleset begins with struct ruleset_header. Behind it, by matcher:
 *
 *   PATH, FILE_SYSTEM_TYPE   struct string_ruleset: a DFA over bytes. A state is a row of 1 + classes words: word 0 is
 *                            the index of the verdict for a string that ends here, word c is the address (in words)
 *                            of the next state's row for byte class c, 0 = no rule can match any more. Verdict 0 is
 *                            the one for strings that no rule matches. Rows and verdicts do not cross a block.
 *   CAPABILITY               struct verdict by_capability[64] at TABLE_OFFSET
 *   SYSTEM_CALL              struct verdict by_number[2][SYSCALLS] at TABLE_OFFSET: 64-bit numbers, then 32-bit ones
 *   ALWAYS                   struct verdict at TABLE_OFFSET
 */
#pragma once
#include "kernel.h"

#define RULESET_VERSION 1
#define BLOCK_SIZE 65536
#define BLOCK_WORDS (BLOCK_SIZE / 4)
#define TABLE_OFFSET 64
#define SYSCALLS 1024
#define CAPABILITIES 64
#define OPERATIONS 16

/* Weakest first: where several rules match, the compiler has put the strongest. io.bpfguard.policy.compiled.Action */
enum action { ACTION_ALLOW, ACTION_AUDIT, ACTION_DENY, ACTION_KILL };

/* Slots of the program arrays. io.bpfguard.policy.compiled.Matcher */
enum matcher { MATCH_PATH, MATCH_FILE_SYSTEM_TYPE, MATCH_CAPABILITY, MATCH_SYSTEM_CALL, MATCH_ALWAYS };

/* io.bpfguard.policy.compiled.PathOperation; a file system type has one operation, number 0. */
enum path_operation { OPERATION_EXEC, OPERATION_READ, OPERATION_WRITE };

struct ruleset_header {
	__u32 matcher; /* enum matcher */
	__u32 version; /* RULESET_VERSION */
};

struct verdict {
	__u32 rule;   /* number of the rule that decided, 0 = none */
	__u8 action;  /* enum action */
	__u8 error;   /* errno, positive */
	__u16 unused;
};

struct string_ruleset {
	struct ruleset_header header;
	__u32 start;    /* word address of the first state's row */
	__u32 verdicts; /* byte address of struct string_verdict [], a multiple of its size */
	__u32 verdict_count;
	__u32 classes;  /* how many, at most 255 */
	__u32 unused[10];
	__u8 class_of[256]; /* byte -> class, 1..classes; at TABLE_OFFSET. class_of[0] is not used: strings end there */
};

/* Power of two in size. */
struct string_verdict {
	struct verdict of[OPERATIONS];
};
