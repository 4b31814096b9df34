/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the Java side must agree with, and programs that were compiled elsewhere (program.h): read from the object's .rodata
 * before it is loaded. io.bpfguard.bpf.routing.Layout
 */
#pragma once
#include "event.h"
#include "label.h"
#include "route.h"
#include "ruleset.h"

/* Goes up when one of the structs or numbers in these headers changes in a way that the sizes below do not show. */
#define LAYOUT_VERSION 4

const volatile __u32 layout[] = {
	sizeof(struct label), sizeof(struct container), sizeof(struct route), sizeof(struct chain), sizeof(struct event),
	__builtin_offsetof(struct event, object), __builtin_offsetof(struct container, name), OBJECT_SIZE, NAME_SIZE,
	HOOKS, STEPS, BLOCK_SIZE, RULESET_VERSION, FIRST_PROGRAM_SLOT, LAYOUT_VERSION,
};
