/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM move_mount (since 5.7): move_mount(2) attaches a mount made by fsmount(2) or open_tree(2), which is judged as mount(2)
 * would be; or moves one that is attached, or joins peer groups: those go by words (mount.h).
 * Return: 0 allows, a negative errno is what move_mount(2) returns.
 */
#include "alias.h"
#include "mount.h"
#include "registers.h"

/* include/uapi/linux/mount.h */
#define MOVE_MOUNT_SET_GROUP 0x100
#define FLAGS_ARGUMENT 4

/* include/linux/mount.h: bits of mnt_flags, and what mount(2) calls them */
#define MNT_NOSUID 0x01
#define MNT_NODEV 0x02
#define MNT_NOEXEC 0x04
#define MNT_NOATIME 0x08
#define MNT_NODIRATIME 0x10
#define MNT_RELATIME 0x20
#define MNT_READONLY 0x40
#define MNT_NOSYMFOLLOW 0x80
#define MS_RDONLY 1
#define MS_NOSUID 2
#define MS_NODEV 4
#define MS_NOEXEC 8
#define MS_NOSYMFOLLOW 256
#define MS_NOATIME 1024
#define MS_NODIRATIME 2048
#define MS_SLAVE (1 << 19)
#define MS_SHARED (1 << 20)
#define MS_RELATIME (1 << 21)
/* include/linux/fs.h: RDONLY, SYNCHRONOUS, MANDLOCK, DIRSYNC, LAZYTIME of s_flags are those of mount(2) */
#define SB_AS_MS (1 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 25)

HOOK(move_mount)

static __always_inline __u64 flags_of(const struct vfsmount *mount)
{
	int flags = BPF_CORE_READ(mount, mnt_flags);
	__u64 result = BPF_CORE_READ(mount, mnt_sb, s_flags) & SB_AS_MS;

	result |= flags & MNT_READONLY ? MS_RDONLY : 0;
	result |= flags & MNT_NOSUID ? MS_NOSUID : 0;
	result |= flags & MNT_NODEV ? MS_NODEV : 0;
	result |= flags & MNT_NOEXEC ? MS_NOEXEC : 0;
	result |= flags & MNT_NOSYMFOLLOW ? MS_NOSYMFOLLOW : 0;
	result |= flags & MNT_NOATIME ? MS_NOATIME : 0;
	result |= flags & MNT_NODIRATIME ? MS_NODIRATIME : 0;
	result |= flags & MNT_RELATIME ? MS_RELATIME : 0;
	return result;
}

SEC("lsm/move_mount")
int BPF_PROG(match_mount, const struct path *from, const struct path *to)
{
	struct vfsmount *vfsmount = BPF_CORE_READ(from, mnt);
	struct mount *mount = mount_of((__u64)vfsmount);
	struct mount_use use = {};
	__u64 flags = 0;

	if (read_register(FLAGS_ARGUMENT, &flags) && flags & MOVE_MOUNT_SET_GROUP) {
		/* What the other mount is decides which of the two it becomes. */
		use.type = propagation_use;
		use.flags = NO_MOUNT_SOURCE | MS_SHARED | MS_SLAVE;
	} else if (BPF_CORE_READ(mount, mnt_parent) != mount) {
		use.type = move_use;
		use.flags = NO_MOUNT_SOURCE | NO_MOUNT_FLAGS;
	} else {
		use.type = BPF_CORE_READ(vfsmount, mnt_sb, s_type, name);
		use.source = BPF_CORE_READ(mount, mnt_devname);
		use.flags = flags_of(vfsmount);
	}
	return judge_mount(ctx, &use, NULL);
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
