/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_open: files whose names begin with "prefix" and that have more than "longest" bytes. As the example of docs/programs.md it
 * shows both kinds of parameters, and members that BPFGuard's own kernel.h does not have.
 */
#include "program.h"

#define NAME 64

PARAMETER char prefix[NAME] = "";
PARAMETER __s64 longest = 1048576;

struct inode___size {
	long long i_size;
} __attribute__((preserve_access_index));

LSM_PROGRAM(file_open, struct file *file)
{
	struct inode___size *inode = (void *)file->f_inode;
	char name[NAME] = {};

	if (inode->i_size <= longest)
		return 0;
	if (bpf_probe_read_kernel_str(name, sizeof(name), file->f_path.dentry->d_name.name) < 0)
		return -1;
	for (int i = 0; i < NAME && prefix[i]; i++)
		if (name[i] != prefix[i])
			return 0;
	return 1;
}
