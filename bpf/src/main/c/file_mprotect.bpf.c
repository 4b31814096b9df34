/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_mprotect (since 5.7): a mapping is about to get another protection, by mprotect(2) or pkey_mprotect(2).
 * Return: 0 allows, a negative errno is what the call returns.
 */
#include "map.h"

#define VM_SHARED 8 /* include/linux/mm.h */

HOOK(file_mprotect)

SEC("lsm/file_mprotect")
int BPF_PROG(match_path, struct vm_area_struct *area, unsigned long asked, unsigned long protection)
{
	bool private = !(BPF_CORE_READ(area, vm_flags) & VM_SHARED);
	/* Pages of its own, beside the file's: it was written to. */
	bool written = BPF_CORE_READ(area, anon_vma) != NULL;

	return judge_mapping(ctx, BPF_CORE_READ(area, vm_file), protection,
			     written || (private && protection & PROT_WRITE));
}
