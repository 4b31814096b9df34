/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM, any hook that returns an int, like any_hook.bpf.c: the matcher that looks at arguments. An object of its own, because
 * it is larger than all others that stand at any hook, and few hooks need it: it joins the hook's chain when a rule asks for
 * it. Since 5.17 (bpf_get_func_arg, bpf_loop).
 * Return: 0 allows, a negative errno prevents.
 */
#include "arguments.h"

SEC("lsm/file_permission")
int match_arguments(void *ctx)
{
	return judge_arguments(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
