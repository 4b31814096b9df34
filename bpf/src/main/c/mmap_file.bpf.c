/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM mmap_file (since 5.7): a mapping is about to be made, of a file or of memory without one; also by execve for the
 * program's segments, and by shmat(2). protection is what the mapping gets, with the PROT_EXEC that a personality adds.
 * Return: 0 allows, a negative errno is what mmap(2) returns; in the middle of an execve it kills the process.
 */
#include "map.h"

/* include/uapi/linux/mman.h */
#define MAP_TYPE 0xf
#define MAP_PRIVATE 2

HOOK(mmap_file)

SEC("lsm/mmap_file")
int BPF_PROG(match_path, struct file *file, unsigned long asked, unsigned long protection, unsigned long flags)
{
	struct file *mapped = NULL;

	/* May be NULL, which the verifier of some kernels does not know: the argument is read as a number. */
	bpf_probe_read_kernel(&mapped, sizeof(mapped), ctx);
	return judge_mapping(ctx, mapped, protection, (flags & MAP_TYPE) == MAP_PRIVATE && protection & PROT_WRITE);
}
