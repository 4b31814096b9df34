/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_open: reads memory that nobody gave it, which the verifier refuses.
 */
#include "program.h"

LSM_PROGRAM(file_open, struct file *file)
{
	return *(volatile long *)bpf_ktime_get_ns();
}
