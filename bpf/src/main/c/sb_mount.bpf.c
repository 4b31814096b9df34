/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM sb_mount (since 5.7): mount(2) before anything is done. What mount(2) does without a file system type of its own
 * goes by words (mount.h), so that "*" means every use of it.
 * Return: 0 allows, a negative errno is what mount(2) returns.
 */
#include "alias.h"
#include "mount.h"

HOOK(sb_mount)

SEC("lsm/sb_mount")
int BPF_PROG(match_mount, const char *dev_name, const struct path *path, const char *type,
	     unsigned long flags, void *data)
{
	struct mount_use use = { .type = type, .source = dev_name, .flags = flags };

	/* The order of the tests is path_mount's (fs/namespace.c). */
	if (flags & MS_REMOUNT)
		use.type = remount_use;
	else if (flags & MS_BIND)
		use.type = bind_use;
	else if (flags & MS_PROPAGATION)
		use.type = propagation_use;
	else if (flags & MS_MOVE)
		use.type = move_use;
	if (use.type != type)
		use.flags |= NO_MOUNT_SOURCE;
	if (use.type == move_use)
		use.flags |= NO_MOUNT_FLAGS;
	return judge_mount(ctx, &use, NULL);
}

/* Whether something new is seen at the path afterwards. */
static __always_inline bool covers(unsigned long flags)
{
	return !(flags & MS_REMOUNT) && (flags & MS_BIND || !(flags & MS_PROPAGATION));
}

SEC("lsm/sb_mount")
int BPF_PROG(match_path, const char *dev_name, const struct path *path, const char *type, unsigned long flags)
{
	return judge_path(ctx, BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry),
			  (__u32)covers(flags) << OPERATION_MOUNT);
}

/* A bind mount's source is only known as a string: its files are recognised at their new paths (judge.h). */
SEC("lsm/sb_mount")
int BPF_PROG(match_alias, const char *dev_name, const struct path *path, const char *type, unsigned long flags)
{
	struct names names;

	if (begin_names(&names) && covers(flags) && changes_first_namespace(names.label)) {
		consider_whole(names.buffer, BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry), COVERING);
		/* What is moved is only known as a string. */
		if (!(flags & MS_BIND) && flags & MS_MOVE)
			weigh_all(names.buffer);
	}
	return conclude_names(ctx, &names);
}
