/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM file_open (since 5.7): every way to get an open file by name or handle, also through io_uring; not O_PATH, which
 * gives no access to content. Return: 0 allows, a negative errno is what open(2) returns.
 */
#include "hook.h"
#include "judge.h"
#include "process.h"

HOOK(file_open)

/*
 * What a stackable file system opens on behalf of an opened file, which was judged already: the real file has another path
 * only if the workload has stacked it on what it may not open itself. So it is judged by the paths that it has in the
 * container; what the container's own root is stacked on has none.
 */
static __always_inline void find_stacked(struct file *file, struct seen *seen)
{
	struct label *label = current_label();
	struct container *container = label ? container_of_label(label) : NULL;
	struct path *path = user_path(file);
	struct super_block *above;

	if (path) {
		above = BPF_CORE_READ(path, dentry, d_sb);
	} else if (file->f_inode != BPF_CORE_READ(file, f_path.dentry, d_inode)) {
		/* Before 6.5 the real file has the path of the user's. */
		struct hlist_node *alias = BPF_CORE_READ(file, f_inode, i_dentry.first);
		struct dentry___aliased *aliased = NULL;

		above = BPF_CORE_READ(file, f_path.dentry, d_sb);
		seen->dentry = NULL;
		if (alias && bpf_core_field_exists(aliased->d_u))
			seen->dentry = (void *)alias - bpf_core_field_offset(struct dentry___aliased, d_u);
	} else {
		return;
	}
	seen->mount = NULL;
	if (container && (__u64)above == container->root)
		seen->dentry = NULL;
}

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
	struct seen seen = { file->f_path.mnt, file->f_path.dentry }, nothing = {};

	find_stacked(file, &seen);
	return judge_files(ctx, &seen,
			   read << OPERATION_READ | (write & ~append) << OPERATION_WRITE | append << OPERATION_APPEND |
				   truncate << OPERATION_WRITE,
			   &nothing, 0);
}

SEC("lsm/file_open")
int BPF_PROG(match_process_file, struct file *file)
{
	return judge_process_file(ctx, file);
}
