/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_truncate: a program that can never tell.
 */
#include "program.h"

LSM_PROGRAM(path_truncate, struct path *path)
{
	return -1;
}
