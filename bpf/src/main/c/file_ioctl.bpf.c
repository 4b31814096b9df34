/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_ioctl (since 5.7): ioctl(2), here for naming the owner of a socket, whose number is in user memory. Return: 0
 * allows, a negative errno is what ioctl(2) returns.
 */
#include "signal.h"

HOOK(file_ioctl)

SEC("lsm/file_ioctl")
int BPF_PROG(match_signal, struct file *file, unsigned int command)
{
	return judge_ioctl(ctx, command);
}
