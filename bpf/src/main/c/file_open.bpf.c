/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_open (since 5.7): every way to get an open file by name or handle, also through io_uring; not O_PATH, which
 * gives no access to content. Return: 0 allows, a negative errno is what open(2) returns.
 */
#include "hook.h"
#include "path.h"
#include "process.h"

HOOK(file_open)

SEC("lsm/file_open")
int BPF_PROG(match_path, struct file *file)
{
	/* One bit each, without a branch: each branch here would double the verifier's work behind it. */
	__u32 mode = file->f_mode, flags = file->f_flags;
	__u32 by_exec = (flags & FMODE_EXEC) / FMODE_EXEC; /* by execve itself; user space cannot set this flag */
	__u32 read = (mode & FMODE_READ) & ~by_exec;       /* execution is judged in bprm_check_security */
	__u32 write = (mode & FMODE_WRITE) / FMODE_WRITE;
	/* Only O_WRONLY: what is open for reading too can be mapped, and a mapping does not append. */
	__u32 append = (flags & O_APPEND) / O_APPEND & write & ~(mode & FMODE_READ);
	__u32 truncate = (flags & O_TRUNC) / O_TRUNC; /* also with O_RDONLY */

	return judge_path(ctx, file->f_path.mnt, file->f_path.dentry,
			  read << OPERATION_READ | (write & ~append) << OPERATION_WRITE | append << OPERATION_APPEND |
				  truncate << OPERATION_WRITE);
}

SEC("lsm/file_open")
int BPF_PROG(match_process_file, struct file *file)
{
	return judge_process_file(ctx, file);
}
