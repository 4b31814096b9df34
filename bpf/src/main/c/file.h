/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a file is besides its path: the fields of a key that come before the path, as far as a ruleset asks for them.
 *
 * A file that is about to be made has no inode yet. It is what it will be: the task's own, not in the image, on the file
 * system of its directory, and the device that mknod(2) was asked for. Where a hook does not say by which mount a file was
 * reached, none is foreign, and none maps users.
 */
#pragma once
#include "argv.h"
#include "path.h"

/* include/uapi/linux/stat.h */
#define S_IFBLK 0060000
#define S_IFCHR 0020000

/* include/uapi/linux/magic.h */
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6
#define HUGETLBFS_MAGIC 0x958458f6

#define DEV_ZERO (1 << 20 | 5) /* mapping it makes memory without a file */
#define FIELDS_OF_FILE (1 << FIELD_FILE_KIND | 1 << FIELD_DEVICE | 1 << FIELD_FILE_SYSTEM)
#define NAME_OFFSET 9 /* of the file system's name in the buffer; the integers end there, whichever there are */

/* The user ids that a mount maps (struct uid_gid_map); an idmapped mount of a container with a user namespace has some. */
static __always_inline void *mapped_users(struct vfsmount *mount)
{
	struct vfsmount___userns *old = (void *)mount;
	struct mnt_idmap___owner *idmap;

	if (bpf_core_field_exists(old->mnt_userns))
		return (void *)BPF_CORE_READ(old, mnt_userns) + bpf_core_field_offset(struct user_namespace, uid_map);
	idmap = (void *)BPF_CORE_READ(mount, mnt_idmap);
	if (bpf_core_field_exists(idmap->owner))
		return (void *)BPF_CORE_READ(idmap, owner) + bpf_core_field_offset(struct user_namespace, uid_map);
	return (void *)idmap + bpf_core_field_offset(struct mnt_idmap, uid_map);
}

/*
 * Whether the task owns the inode as seen through the struct vfsmount: make_vfsuid (fs/mnt_idmapping.c). Negative: cannot be
 * told. Like what follows, a function of its own for the verifier's sake.
 */
__noinline int is_own(__u64 mount_address, __u64 inode_address)
{
	struct vfsmount *mount = (void *)mount_address;
	struct inode *inode = (void *)inode_address;
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 user = BPF_CORE_READ(task, cred, fsuid.val);
	__u32 owner = BPF_CORE_READ(inode, i_uid.val);
	struct uid_gid_extent extents[EXTENTS];
	struct uid_gid_map *map;
	__u32 count;

	if (!mount)
		return owner == user;
	map = mapped_users(mount);
	count = BPF_CORE_READ(map, nr_extents);
	if (!count)
		return owner == user; /* the mount maps nothing */
	if (count > EXTENTS || BPF_CORE_READ_INTO(&extents, map, extent))
		return -1;
	for (__u32 i = 0; i < EXTENTS; i++) {
		if (i < count && owner - extents[i].first < extents[i].count)
			return owner - extents[i].first + extents[i].lower_first == user;
	}
	return false; /* nobody's, through this mount */
}

/* Whether an overlay's inode has an upper one: struct ovl_inode (fs/overlayfs/ovl_entry.h) has its dentry behind the inode. */
static __always_inline bool is_from_lower_layer(struct inode *inode)
{
	void *upper = (void *)1;

	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	return !upper;
}

static __always_inline bool is_in_memory(struct dentry *dentry)
{
	unsigned long magic = BPF_CORE_READ(dentry, d_sb, s_magic);

	return magic == TMPFS_MAGIC || magic == RAMFS_MAGIC || magic == HUGETLBFS_MAGIC;
}

/* Bits of enum file_kind; negative: cannot be told. */
__noinline int file_kind(struct text_buffer *buffer)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool nameless = false, internal = false, memory;
	struct vfsmount *mount;
	struct dentry *dentry;
	struct inode *inode;
	int kind = 0;

	if (!buffer)
		return -1;
	mount = (void *)buffer->judgement.mount;
	dentry = (void *)buffer->judgement.dentry;
	memory = buffer->judgement.memory;
	if (!dentry)
		return 1 << FILE_MEMORY;
	if (mount) {
		struct mount *whole = mount_of((__u64)mount);
		struct mnt_namespace *namespace = BPF_CORE_READ(whole, mnt_ns);

		internal = is_internal(namespace);
		if (!internal && namespace != namespace_of(task)) {
			kind |= 1 << FILE_FOREIGN_MOUNT;
			nameless = true;
		}
	}
	inode = BPF_CORE_READ(dentry, d_inode);
	if (inode) {
		int own = is_own((__u64)mount, (__u64)inode);

		if (own < 0)
			return own;
		if (own)
			kind |= 1 << FILE_OWN;
		if (BPF_CORE_READ(dentry, d_sb, s_magic) != OVERLAYFS_SUPER_MAGIC || !is_from_lower_layer(inode))
			kind |= 1 << FILE_NOT_IN_IMAGE;
		if (!BPF_CORE_READ(inode, i_nlink)) {
			nameless = true;
			if (!internal)
				kind |= 1 << FILE_DELETED;
		}
		if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFCHR && BPF_CORE_READ(inode, i_rdev) == DEV_ZERO)
			memory = true;
	} else {
		kind |= 1 << FILE_OWN | 1 << FILE_NOT_IN_IMAGE;
	}
	if (memory || internal || (nameless && is_in_memory(dentry)))
		kind |= 1 << FILE_MEMORY;
	return kind;
}

/* The eight bytes of FIELD_DEVICE, as the number that they are big-endian. */
__noinline __u64 device_of(struct text_buffer *buffer)
{
	__u32 mode, device, major, minor;
	struct dentry *dentry;
	struct inode *inode;

	if (!buffer)
		return 0;
	mode = buffer->judgement.mode;
	device = buffer->judgement.device;
	dentry = (void *)buffer->judgement.dentry;
	inode = dentry ? BPF_CORE_READ(dentry, d_inode) : NULL;
	if (inode) {
		__u32 number = BPF_CORE_READ(inode, i_rdev);

		mode = BPF_CORE_READ(inode, i_mode);
		major = number >> 20; /* include/linux/kdev_t.h */
		minor = number & 0xfffff;
	} else {
		major = device >> 8 & 0xfff; /* new_decode_dev */
		minor = (device & 0xff) | (device >> 12 & 0xfff00);
	}
	mode &= S_IFMT;
	if (mode != S_IFBLK && mode != S_IFCHR)
		return 0;
	return (mode == S_IFBLK ? (__u64)'b' : (__u64)'c') << 56 | (__u64)major << 32 | minor;
}

/* Goes on behind the fields before FIELD_SOURCE. */
__noinline int follow_file(struct text_buffer *buffer)
{
	struct judgement *judgement;
	struct dentry *dentry;
	__u32 with_kind, with_device, begin, end = NAME_OFFSET;

	if (!buffer)
		return 0;
	judgement = &buffer->judgement;
	dentry = (void *)judgement->dentry;
	with_kind = judgement->fields >> FIELD_FILE_KIND & 1;
	with_device = judgement->fields >> FIELD_DEVICE & 1;
	begin = NAME_OFFSET - 8 * with_device - with_kind;
	if (with_device) {
		__u64 device = __builtin_bswap64(device_of(buffer));

		__builtin_memcpy(buffer->text + NAME_OFFSET - 8, &device, 8);
	}
	if (with_kind) {
		int kind = file_kind(buffer);

		if (kind < 0)
			judgement->failure = REASON_READ_FAILED;
		buffer->text[bounded(begin, 15)] = kind;
	}
	if (judgement->fields >> FIELD_FILE_SYSTEM & 1) {
		long length = 1;

		buffer->text[NAME_OFFSET] = 0;
		if (dentry)
			length = bpf_probe_read_kernel_str(buffer->text + NAME_OFFSET, 64, BPF_CORE_READ(dentry, d_sb, s_type, name));
		if (length <= 0)
			judgement->failure = REASON_READ_FAILED;
		end += bounded(length, 127);
	}
	judgement->start = follow(buffer, judgement->ruleset, judgement->start, begin, end);
	return 0;
}

/* Goes on behind the path of the program that the task runs; nothing is there for tasks without one. */
__noinline int follow_source(struct text_buffer *buffer)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *program = BPF_CORE_READ(task, mm, exe_file);
	struct judgement *judgement;
	__u32 offset = PATH_LAST;

	if (!buffer)
		return 0;
	judgement = &buffer->judgement;
	buffer->text[PATH_LAST] = 0;
	if (program) {
		struct vfsmount *mount = BPF_CORE_READ(program, f_path.mnt);
		struct dentry *dentry = BPF_CORE_READ(program, f_path.dentry);

		offset = render(buffer, (__u64)mount, (__u64)dentry) & ~PATH_OUTSIDE;
	}
	if (!offset)
		judgement->failure = REASON_PATH_TOO_LONG;
	judgement->start = follow(buffer, judgement->ruleset, judgement->start, offset, PATH_LAST + 1);
	return 0;
}

/* Sets the state before the path, as far as any rule can still match. Programs have arguments only when they are executed. */
static __always_inline void follow_fields(struct text_buffer *buffer, bool executes)
{
	struct judgement *judgement = &buffer->judgement;

	judgement->start = judgement->begin;
	if (judgement->fields & FIELDS_OF_FILE)
		follow_file(buffer);
	if (judgement->fields & 1 << FIELD_SOURCE && judgement->start && judgement->failure == REASON_RULE)
		follow_source(buffer);
	if (judgement->fields & 1 << FIELD_PROGRAM_ARGUMENTS && judgement->start && judgement->failure == REASON_RULE) {
		begin_arguments(buffer);
		if (executes)
			read_arguments(buffer);
		end_arguments(buffer);
	}
}
