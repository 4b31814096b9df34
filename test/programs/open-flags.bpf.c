/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * fmod_ret security_file_open: files that are opened with all of "flags".
 */
#include "program.h"

PARAMETER unsigned int flags = 0;
PARAMETER bool never = true;

FMOD_RET_PROGRAM(security_file_open, struct file *file)
{
	return !never && (file->f_flags & flags) == flags;
}
