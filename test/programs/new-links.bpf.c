/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * fmod_ret security_path_symlink: symbolic links to what begins with "target".
 */
#include "program.h"

#define NAME 32

PARAMETER char target[NAME] = "";
PARAMETER bool never = true;

FMOD_RET_PROGRAM(security_path_symlink, struct path *parent, struct dentry *dentry, const char *asked)
{
	char name[NAME] = {};

	if (never)
		return 0;
	if (bpf_probe_read_kernel_str(name, sizeof(name), asked) < 0)
		return -1;
	for (int i = 0; i < NAME && target[i]; i++)
		if (name[i] != target[i])
			return 0;
	return 1;
}
