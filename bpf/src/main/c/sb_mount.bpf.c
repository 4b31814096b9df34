/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM sb_mount (since 5.7): mount(2) before anything is done. What mount(2) does without a file system type of its own
 * goes by the words bind, move, remount and propagation, so that "*" means every use of mount(2).
 * Return: 0 allows, a negative errno is what mount(2) returns.
 */
#include "alias.h"
#include "mount.h"

/* include/uapi/linux/mount.h; the order of the tests is path_mount's (fs/namespace.c) */
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_PROPAGATION (1 << 17 | 1 << 18 | 1 << 19 | 1 << 20)

HOOK(sb_mount)

static const char bind_mount[] = "bind";
static const char move_mount[] = "move";
static const char remount[] = "remount";
static const char propagation[] = "propagation";

SEC("lsm/sb_mount")
int BPF_PROG(match_mount, const char *dev_name, const struct path *path, const char *type,
	     unsigned long flags, void *data)
{
	const char *name = type;

	if (flags & MS_REMOUNT)
		name = remount;
	else if (flags & MS_BIND)
		name = bind_mount;
	else if (flags & MS_PROPAGATION)
		name = propagation;
	else if (flags & MS_MOVE)
		name = move_mount;
	else if (!type)
		return judge_mount(ctx, ""); /* mount(2) itself answers EINVAL later */
	return judge_mount(ctx, name);
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
