/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * fmod_ret, kernel functions that the kernel lets be replaced (since 5.7): error-injectable ones and security_*.
 * Return: 0 lets the function run, anything else is returned in its place; a long, because system calls return one.
 */
#include "function.h"

SEC("fmod_ret/security_file_open")
long router(void *ctx)
{
	struct verdict verdict = judge_function(ctx, true);

	if (verdict.action < ACTION_DENY)
		return 0;
	return error_of(&verdict);
}
