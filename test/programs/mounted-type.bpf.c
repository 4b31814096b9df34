/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * fentry path_mount: mounts of the type of file system "type". It sees, and cannot prevent.
 */
#include "program.h"

#define NAME 32

PARAMETER char type[NAME] = "";

FENTRY_PROGRAM(path_mount, const char *source, struct path *path, const char *asked)
{
	char name[NAME] = {};

	if (bpf_probe_read_kernel_str(name, sizeof(name), asked) < 0)
		return -1;
	for (int i = 0; i < NAME; i++) {
		if (name[i] != type[i])
			return 0;
		if (!name[i])
			break;
	}
	return 1;
}
