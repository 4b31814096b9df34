/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Programs that do nothing, loaded to find out what this kernel allows at a hook or function; never attached. The names
 * below stand in until the loader sets the real one. Return: 0, the operation goes on.
 */
#include "kernel.h"

SEC("lsm/file_open")
int lsm(void *ctx)
{
	return 0;
}

SEC("fentry/vfs_write")
int fentry(void *ctx)
{
	return 0;
}

SEC("fmod_ret/security_file_open")
int fmod_ret(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
