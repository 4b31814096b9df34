/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * fentry, any kernel function in BTF (since 5.5): kills or reports. It cannot prevent: SIGKILL acts when the task next
 * returns to user space, which may be after the effect. The name below stands in until the loader sets the real one.
 * The return value is ignored.
 */
#include "function.h"

SEC("fentry/vfs_write")
int router(void *ctx)
{
	judge_function(ctx, false);
	return 0;
}
