/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_mknod (since 5.7, CONFIG_SECURITY_PATH): a name is about to appear in a directory, by open(2) with O_CREAT,
 * mknod(2), or bind(2) of a Unix socket.
 * Return: 0 allows, a negative errno is what the call returns.
 */
#include "address.h"
#include "judge.h"

HOOK(path_mknod)

SEC("lsm/path_mknod")
int BPF_PROG(match_path, const struct path *directory, struct dentry *dentry, unsigned short mode,
	     unsigned int device)
{
	const struct seen file = { BPF_CORE_READ(directory, mnt), dentry };
	const struct facts facts = { .mode = mode, .device = device };

	return judge_file(ctx, &file, &facts, 1 << OPERATION_CREATE);
}

/* A Unix socket is bound to a path: see socket_bind. Making such a file by mknod(2) binds nothing. */
SEC("lsm/path_mknod")
int BPF_PROG(match_address, const struct path *directory, struct dentry *dentry, __u16 mode)
{
	struct socket_name name = { .mount = BPF_CORE_READ(directory, mnt), .dentry = dentry };
	struct label *label = current_label();
	struct socket_key key;

	if (!label)
		return 0;
	if ((mode & S_IFMT) != S_IFSOCK || !label->binding)
		return not_judged(ctx);
	key = key_of(AF_UNIX, label->binding, 0);
	label->binding = 0;
	return judge_address(ctx, &key, &name, 1 << OPERATION_BIND);
}
