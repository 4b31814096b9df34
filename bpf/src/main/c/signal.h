/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges signals to other processes. A process may always signal itself.
 */
#pragma once
#include "hook.h"

/* include/uapi/asm-generic/fcntl.h, include/uapi/asm-generic/sockios.h */
#define F_SETOWN 8
#define F_SETOWN_EX 15
#define FIOSETOWN 0x8901
#define SIOCSPGRP 0x8902

/*
 * The owner of a descriptor gets SIGIO or another signal when something happens there, whoever makes it happen: naming the
 * owner is where that can be judged. Which task a number means and which signal it will be cannot be told here, so the
 * strongest verdict on any signal counts.
 */
static __always_inline int judge_owner(void *ctx)
{
	struct object object = { .kind = OBJECT_SIGNAL, .operation = SIGNAL_TARGETS };
	struct label *label = current_label();
	struct verdict strongest = {};
	const struct verdict *table;
	struct step *step;

	if (!label)
		return 0;
	step = current_step(label);
	table = verdict_table(step);
	if (!table)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
#pragma clang loop unroll(disable)
	for (int i = 0; i < SIGNAL_TARGETS * SIGNALS; i++) {
		if (table[i].action > strongest.action)
			strongest = table[i];
	}
	return conclude(ctx, label, &strongest, &object);
}

/* ioctl(2): the owner of a socket, whose number is in user memory. */
static __always_inline int judge_ioctl(void *ctx, unsigned int command)
{
	return command == FIOSETOWN || command == SIOCSPGRP ? judge_owner(ctx) : not_judged(ctx);
}
