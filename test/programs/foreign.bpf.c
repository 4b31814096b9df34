/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_open: a program that knows nothing of chains, and would end each.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lsm/file_open")
int program(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
