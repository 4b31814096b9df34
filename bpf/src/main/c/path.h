/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The path of a file, from the root of its mount namespace, which is the container's root once the runtime has pivoted
 * there. Walked over dentries and mounts from the leaf up: bpf_d_path would stop at the task's fs->root, which chroot(2)
 * moves, and is not allowed on most hooks. Names are bytes; nothing is escaped.
 *
 * rename_lock (fs/dcache.c) and mount_lock (fs/namespace.c) are odd while a rename, or a change of mounts, is under way and
 * change with each: a path that was read across one is read again. Where others rename and mount without end, the path is
 * read twice and its own parts are compared: dentries with d_seq, which changes with their name and parent, mounts with the
 * number of the last change in their namespace. Equal, they all were as read at the moment between the two. Refused if those
 * parts go on changing.
 */
#pragma once
#include "key.h"
#include "namespace.h"

#define PATH_LAST (TEXT_SIZE - 1)       /* where the path's NUL stands: it is written from its end */
#define PATH_TURNS (TEXT_SIZE / 2 + 512) /* components and mounts */
#define PATH_TRIES 16
#define PATH_OUTSIDE 0x10000

/* Set before load, see io.bpfguard.bpf.routing.KernelAddresses; 0: the kernel has no such symbol. */
const volatile __u64 address_of_rename_lock = 0;
const volatile __u64 address_of_mount_lock = 0;
const volatile __u64 address_of_file_set_fsnotify_mode = 0;

extern int LINUX_KERNEL_VERSION __kconfig;

struct walk {
	struct text_buffer *buffer;
	struct dentry *dentry;
	struct mount *mount;
	__u32 offset; /* of the first byte written */
	bool internal;
	bool ended;
	bool outside;
	bool failed;
};

static __always_inline void mark(struct text_buffer *buffer, __u64 value)
{
	__u64 mark = (buffer->mark ^ value) * 0x9e3779b97f4a7c15;

	buffer->mark = mark ^ mark >> 32;
}

/* Changes with each change of the mounts in the mount's namespace: touch_mnt_namespace (fs/namespace.c). */
static __always_inline void mark_namespace(struct text_buffer *buffer, struct mount *mount)
{
	struct mnt_namespace *namespace = BPF_CORE_READ(mount, mnt_ns);

	mark(buffer, (__u64)namespace);
	if (namespace && !is_internal(namespace))
		mark(buffer, BPF_CORE_READ(namespace, event));
}

/* Odd while the dentry gets another name or parent, and another number afterwards. */
static __always_inline void mark_dentry(struct walk *walk, struct dentry *dentry)
{
	__u32 sequence = BPF_CORE_READ(dentry, d_seq.seqcount.sequence);

	mark(walk->buffer, (__u64)dentry);
	mark(walk->buffer, sequence);
	if (sequence & 1)
		walk->failed = true;
}

static long walk_up(__u64 index, struct walk *walk)
{
	struct dentry *dentry = walk->dentry;
	struct mount *mount = walk->mount;
	struct dentry *parent;
	struct qstr name = {};
	__u32 offset, length;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		struct mount *upper = BPF_CORE_READ(mount, mnt_parent);

		if (upper == mount || !upper) {
			walk->ended = true;
			return 1;
		}
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = upper;
		if (walk->buffer->marked) {
			mark(walk->buffer, (__u64)walk->dentry);
			mark(walk->buffer, (__u64)upper);
		}
		return 0;
	}
	if (walk->buffer->marked)
		mark_dentry(walk, dentry);
	parent = BPF_CORE_READ(dentry, d_parent);
	if (parent == dentry && !walk->internal) {
		/* The top of the file system, or of a part whose place in it is not known, without having met the mount. */
		walk->outside = true;
		return 1;
	}
	name.len = BPF_CORE_READ(dentry, d_name.len);
	name.name = BPF_CORE_READ(dentry, d_name.name);
	length = name.len;
	offset = walk->offset;
	if (!parent || length > 255 || offset < length + 1 || offset > PATH_LAST) {
		walk->failed = true;
		return 1;
	}
	offset -= length;
	if (bpf_probe_read_kernel(walk->buffer->text + bounded(offset, TEXT_SIZE - 1), bounded(length, 255), name.name)) {
		walk->failed = true;
		return 1;
	}
	if (parent == dentry) {
		/* The top of a file system that is mounted nowhere (memfd, pipe): a name without a slash. */
		walk->offset = offset;
		walk->ended = true;
		return 1;
	}
	offset--;
	walk->buffer->text[bounded(offset, TEXT_SIZE - 1)] = '/';
	walk->offset = offset;
	walk->dentry = parent;
	if (walk->buffer->marked)
		mark_dentry(walk, dentry);
	return 0;
}

static __always_inline __u32 sequence(__u64 lock)
{
	__u32 number;

	return bpf_probe_read_kernel(&number, sizeof(number), (void *)lock) ? 1 : number;
}

/*
 * Changes with each rename and each change of mounts; 0 while one is under way. A function of its own to spare the callers'
 * stack.
 */
__noinline __u64 tree_version(void)
{
	__u32 renames = sequence(address_of_rename_lock), mounts = sequence(address_of_mount_lock);

	return (renames | mounts) & 1 ? 0 : (__u64)renames << 32 | mounts | 1;
}

static __always_inline struct mount *mount_of(__u64 vfsmount)
{
	return (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
}

/*
 * Whether a stackable file system opened the file for a user's one: it is embedded in a struct backing_file then (since 6.5).
 * The bit that says so moved when files got fsnotify modes: in 6.14, and in stable kernels before it that have the function
 * which sets them. Such a file is never counted, which keeps other uses of the bits apart.
 */
static __always_inline bool is_backing(unsigned int mode)
{
	bool moved = LINUX_KERNEL_VERSION >= KERNEL_VERSION(6, 14, 0) || address_of_file_set_fsnotify_mode;
	unsigned int bit = moved ? 1 << 24 : 1 << 25;

	return mode & FMODE_NOACCOUNT && mode & bit;
}

/* The path that user space opened, of a file that a stackable file system opened for it; NULL for others. */
static __always_inline struct path *user_path(struct file *file)
{
	struct backing_file *backing = (void *)file;
	struct backing_file___file *later = (void *)file;

	if (!is_backing(BPF_CORE_READ(file, f_mode)))
		return NULL;
	if (bpf_core_field_exists(backing->user_path))
		return (void *)file + bpf_core_field_offset(struct backing_file, user_path);
	if (bpf_core_field_exists(later->user_path_file))
		return (void *)file + bpf_core_field_offset(struct backing_file___file, user_path_file) +
		       bpf_core_field_offset(struct file, f_path);
	return NULL;
}

/*
 * Writes the path once, whatever happens to it meanwhile; returns what render does. If buffer->marked, buffer->mark says
 * afterwards what was read. A function of its own, like render: the verifier checks each once, however many paths a program
 * needs and however often it tries.
 */
__noinline __u32 read_path(struct text_buffer *buffer, __u64 vfsmount, __u64 dentry)
{
	struct mount *mount = mount_of(vfsmount);
	struct walk walk = {};

	if (!buffer)
		return 0;
	walk.buffer = buffer;
	walk.dentry = (void *)dentry;
	walk.mount = mount;
	walk.internal = is_internal(BPF_CORE_READ(mount, mnt_ns));
	walk.offset = PATH_LAST;
	buffer->text[PATH_LAST] = 0;
	buffer->last_mark = buffer->mark;
	buffer->mark = 0;
	if (buffer->marked)
		mark_namespace(buffer, mount);
	bpf_loop(PATH_TURNS, walk_up, &walk, 0);
	if (buffer->marked)
		mark_namespace(buffer, mount);
	if (walk.failed)
		return 0;
	if (walk.outside)
		return walk.offset | PATH_OUTSIDE;
	if (!walk.ended)
		return 0;
	if (walk.offset == PATH_LAST) {
		walk.offset--;
		buffer->text[PATH_LAST - 1] = '/';
	}
	return walk.offset;
}

/*
 * Writes the path of a dentry as seen through a struct vfsmount into the buffer, its NUL at PATH_LAST, and returns the
 * offset of its first byte; with the bit PATH_OUTSIDE where the dentry is not below the mount's root: then what is
 * written is only how far it is known. 0: it is too long or could not be read (a path never starts at 0: the longest has
 * 4095 bytes less the walk's spare one).
 */
__noinline __u32 render(struct text_buffer *buffer, __u64 vfsmount, __u64 dentry)
{
	if (!buffer)
		return 0;
#pragma clang loop unroll(disable)
	for (int try = 0; try < 2 * PATH_TRIES; try++) {
		__u64 before = tree_version();
		__u32 offset;

		buffer->marked = try >= PATH_TRIES;
		offset = read_path(buffer, vfsmount, dentry);
		if (before && before == tree_version())
			return offset;
		/* Read twice, one after the other, without a change to any part of it from the first time to the second. */
		if (offset && buffer->mark && buffer->mark == buffer->last_mark)
			return offset;
	}
	return 0;
}

/* Likewise of what the buffer's judgement is about: pointers of the caller have become plain numbers there. */
__noinline __u32 render_judged(struct text_buffer *buffer)
{
	if (!buffer)
		return 0;
	return render(buffer, buffer->judgement.mount, buffer->judgement.dentry);
}
