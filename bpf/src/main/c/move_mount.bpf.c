/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM move_mount (since 5.7): move_mount(2) attaches a mount made by fsmount(2) or open_tree(2), or moves one.
 * Return: 0 allows, a negative errno is what move_mount(2) returns.
 */
#include "alias.h"
#include "mount.h"

HOOK(move_mount)

SEC("lsm/move_mount")
int BPF_PROG(match_mount, const struct path *from, const struct path *to)
{
	return judge_mount(ctx, BPF_CORE_READ(from, mnt, mnt_sb, s_type, name));
}

/* Whether it is taken from a place in the task's mount namespace. */
static __always_inline bool is_attached(const struct path *from)
{
	struct mount *mount = mount_of((__u64)BPF_CORE_READ(from, mnt));

	return BPF_CORE_READ(mount, mnt_ns) == namespace_of(bpf_get_current_task_btf());
}

SEC("lsm/move_mount")
int BPF_PROG(match_path, const struct path *from, const struct path *to)
{
	const struct seen target = { BPF_CORE_READ(to, mnt), BPF_CORE_READ(to, dentry) };
	const struct seen covered = covered_by(BPF_CORE_READ(from, mnt));

	return judge_files(ctx, &target, 1 << OPERATION_MOUNT, &covered, (__u32)is_attached(from) << OPERATION_MOUNT);
}

SEC("lsm/move_mount")
int BPF_PROG(match_alias, const struct path *from, const struct path *to)
{
	struct names names;

	if (begin_names(&names) && changes_first_namespace(names.label)) {
		consider_whole(names.buffer, BPF_CORE_READ(to, mnt), BPF_CORE_READ(to, dentry), COVERING);
		if (is_attached(from))
			consider_whole(names.buffer, BPF_CORE_READ(from, mnt), BPF_CORE_READ(from, dentry), ALL_OPERATIONS);
	}
	return conclude_names(ctx, &names);
}
