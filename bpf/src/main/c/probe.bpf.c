/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A program that does nothing, attached for a moment to find out whether a function of a module takes one. The name below
 * stands in until the loader sets the real one. Return: ignored.
 */
#include "kernel.h"

SEC("fentry/vfs_write")
int fentry(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
