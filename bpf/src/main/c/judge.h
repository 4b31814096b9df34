/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges what is done to a file by its path: the one that it has through the mount at hand, where that is its whole truth.
 *
 * A workload that mounts can give a file further paths: by a bind mount, by a tree that is attached nowhere, through
 * another mount namespace. So where it has mounted anything, or the mount at hand is not of the namespace that the
 * container began in, a file is judged by every path that it has there, and the strongest verdict counts. What would take
 * a file's path there away is judged in alias.h. A file that has no path to be found (opened by a handle while its
 * directories are not in memory) is judged as the worst that any path could get.
 */
#pragma once
#include "file.h"

#define PID_NAMESPACES 33 /* MAX_PID_NS_LEVEL and the first (include/linux/pid_namespace.h) */
#define MOUNTS_OF_SUPERBLOCK 65536
#define ANONYMOUS "[anonymous]" /* instead of a path: memory without a file */

/* The file that a decision is about. */
struct seen {
	struct vfsmount *mount; /* NULL: the hook does not say through which */
	struct dentry *dentry;
};

/* What some hooks say of it besides: see struct judgement. */
struct facts {
	struct linux_binprm *program;
	__u32 mode;
	__u32 device;
	bool memory;
	bool anonymous;
};

/* Keeps the strongest verdict of the operations that are asked about. word: of the state's row. False: broken. */
static __always_inline bool weigh(struct judgement *judgement, __u32 state, __u32 word, __u64 mount)
{
	const struct key_ruleset *rules = ruleset_block(judgement->ruleset, 0);
	const struct verdicts *verdicts;
	__u32 number;

	if (state == STATE_BROKEN || !rules || !row_word(judgement->ruleset, state, word, &number))
		return false;
	verdicts = numbered_verdicts(rules, judgement->ruleset, number);
	if (!verdicts)
		return false;
#pragma clang loop unroll(disable)
	for (int i = 0; i < OPERATIONS; i++) {
		if (!(judgement->operations & (1 << i)) || verdicts->of[i].action <= judgement->strongest.action)
			continue;
		judgement->strongest = verdicts->of[i];
		judgement->operation = i;
		judgement->shown_mount = mount;
		judgement->shown_dentry = judgement->dentry;
	}
	return true;
}

/* Judges the path that the file has through one mount, if it has one. */
__noinline int judge_place(struct text_buffer *buffer, __u64 mount)
{
	struct judgement *judgement;
	__u32 offset;

	if (!buffer)
		return 0;
	judgement = &buffer->judgement;
	offset = render(buffer, mount, judgement->dentry);
	if (!offset) {
		judgement->failure = REASON_PATH_TOO_LONG;
		return 0;
	}
	if (offset & PATH_OUTSIDE)
		return 0;
	judgement->places++;
	if (!weigh(judgement, follow(buffer, judgement->ruleset, judgement->start, offset, PATH_LAST), 0, mount))
		judgement->failure = REASON_NO_RULESET;
	return 0;
}

/*
 * Whether the namespace of this number still has its mounts: whether the first process of one of the task's pid
 * namespaces is in it. False where that cannot be told, as with the host's pid namespace. A function of its own, so that
 * its stack is not also that of what its callers call next.
 */
__noinline int namespace_lives(__u64 number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct upid upid = {};
	struct pid_namespace *namespace;

	if (!number || bpf_core_read(&upid, sizeof(upid), (void *)pid + bpf_core_field_offset(struct pid, numbers) +
						   level * bpf_core_type_size(struct upid)))
		return false;
	namespace = upid.ns;
#pragma clang loop unroll(disable)
	for (int i = 0; i < PID_NAMESPACES; i++) {
		if (!namespace)
			return false;
		if (namespace_number(namespace_of(BPF_CORE_READ(namespace, child_reaper))) == number)
			return true;
		namespace = BPF_CORE_READ(namespace, parent);
	}
	return false;
}

static __always_inline struct mount *listed_mount(struct super_block *superblock, struct list_head *link)
{
	if (link == (void *)superblock + bpf_core_field_offset(struct super_block, s_mounts))
		return NULL;
	return (void *)link - bpf_core_field_offset(struct mount, mnt_instance);
}

static __always_inline struct mount *first_mount(struct super_block *superblock)
{
	struct super_block___chain *chain = (void *)superblock;

	if (bpf_core_field_exists(chain->s_mounts))
		return BPF_CORE_READ(chain, s_mounts);
	return listed_mount(superblock, BPF_CORE_READ(superblock, s_mounts.next));
}

static __always_inline struct mount *mount_after(struct super_block *superblock, struct mount *mount)
{
	struct mount___chain *chain = (void *)mount;

	if (bpf_core_field_exists(chain->mnt_next_for_sb))
		return BPF_CORE_READ(chain, mnt_next_for_sb);
	return listed_mount(superblock, BPF_CORE_READ(mount, mnt_instance.next));
}

/* The next mount as a struct vfsmount; 0 where it is of another namespace. Not at the end. */
static __always_inline __u64 take_mount(struct search *search)
{
	struct mount *mount = (void *)search->next;
	__u64 number = namespace_number(BPF_CORE_READ(mount, mnt_ns));

	search->next = (__u64)mount_after((void *)search->superblock, mount);
	if (!number || (number != search->begun && number != search->own))
		return 0;
	return (__u64)mount + bpf_core_field_offset(struct mount, mnt);
}

static __always_inline struct container *container_of_label(const struct label *label)
{
	__u32 number = label->container;

	return bpf_map_lookup_elem(&containers, &number);
}

typedef int visit_place(struct text_buffer *buffer, __u64 mount);

static __always_inline void begin_mounts(struct search *search)
{
	search->version = tree_version();
	search->next = (__u64)first_mount((void *)search->superblock);
}

/* A turn of the loop over a superblock's mounts, which begins anew where they changed meanwhile. */
static __always_inline long visit_next(struct text_buffer *buffer, visit_place visit)
{
	struct search *search = &buffer->search;
	__u64 mount;

	if (!search->next) {
		if (search->version && search->version == tree_version()) {
			search->is_complete = true;
			return 1;
		}
		if (search->tries++ >= PATH_TRIES)
			return 1;
		begin_mounts(search);
		return 0;
	}
	mount = take_mount(search);
	if (mount && mount != buffer->judgement.mount)
		visit(buffer, mount);
	return buffer->judgement.failure != REASON_RULE;
}

/* Visits every place of the dentry that is judged. True where it may have others, that cannot be found. */
static __always_inline bool visit_places(struct text_buffer *buffer, visit_place visit,
					 long (*turn)(__u64, struct text_buffer **))
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mnt_namespace *own = namespace_of(task);
	struct judgement *judgement = &buffer->judgement;
	struct label *label = current_label();
	struct container *container = label ? container_of_label(label) : NULL;
	struct search *search = &buffer->search;
	struct dentry *dentry;
	bool elsewhere;

	if (!container) {
		judgement->failure = REASON_NO_ROUTE;
		return false;
	}
	judgement->places = 0;
	search->own = namespace_number(own);
	search->begun = container->namespace;
	elsewhere = search->begun && search->own != search->begun;
	if (judgement->mount) {
		struct mount *mount = mount_of(judgement->mount);
		struct mnt_namespace *namespace = BPF_CORE_READ(mount, mnt_ns);

		visit(buffer, judgement->mount);
		if (judgement->failure != REASON_RULE)
			return false;
		if (judgement->places && !container->mounted && !elsewhere && (namespace == own || is_internal(namespace)))
			return false;
	}
	dentry = (void *)judgement->dentry;
	search->superblock = (__u64)BPF_CORE_READ(dentry, d_sb);
	search->tries = 0;
	search->is_complete = false;
	begin_mounts(search);
	bpf_loop(MOUNTS_OF_SUPERBLOCK, turn, &buffer, 0);
	if (judgement->failure != REASON_RULE)
		return false;
	if (!search->is_complete) {
		judgement->failure = REASON_PATH_TOO_LONG;
		return false;
	}
	return (judgement->mount && !judgement->places) || (elsewhere && !namespace_lives(search->begun));
}

static long judge_next(__u64 index, struct text_buffer **buffer)
{
	return visit_next(*buffer, judge_place);
}

/* Judges every path of the file. */
__noinline int judge_places(struct text_buffer *buffer)
{
	struct judgement *judgement;

	if (!buffer)
		return 0;
	judgement = &buffer->judgement;
	if (visit_places(buffer, judge_place, judge_next) && !weigh(judgement, judgement->start, 1, judgement->mount))
		judgement->failure = REASON_NO_RULESET;
	return 0;
}

/* Judges memory without a file. */
__noinline int judge_anonymous(struct text_buffer *buffer)
{
	const __u32 offset = PATH_LAST + 1 - sizeof(ANONYMOUS);
	struct judgement *judgement;

	if (!buffer)
		return 0;
	judgement = &buffer->judgement;
	__builtin_memcpy(buffer->text + offset, ANONYMOUS, sizeof(ANONYMOUS));
	if (!weigh(judgement, follow(buffer, judgement->ruleset, judgement->start, offset, PATH_LAST), 0, 0))
		judgement->failure = REASON_NO_RULESET;
	return 0;
}

static __always_inline void consider(struct text_buffer *buffer, const struct facts *facts, const struct seen *file,
				     __u32 operations)
{
	struct judgement *judgement = &buffer->judgement;

	if (judgement->failure != REASON_RULE || (!file->dentry && !judgement->anonymous) || !operations)
		return;
	judgement->mount = (__u64)file->mount;
	judgement->dentry = (__u64)file->dentry;
	judgement->operations = operations;
	follow_fields(buffer, facts->program != NULL);
	if (judgement->failure != REASON_RULE)
		return;
	if (file->dentry)
		judge_places(buffer);
	else
		judge_anonymous(buffer);
}

/* Ends a step with the verdict that was found, as one event. */
static __always_inline int conclude_judgement(void *ctx, struct label *label, const struct step *step,
					      struct text_buffer *buffer)
{
	struct judgement *judgement = &buffer->judgement;
	struct object object = { .kind = OBJECT_PATH, .operation = judgement->operation };
	struct verdict verdict = judgement->strongest;

	if (judgement->failure != REASON_RULE)
		return conclude_error(ctx, label, step, judgement->failure, &object);
	if (verdict.action != ACTION_ALLOW && judgement->shown_mount) {
		__u32 offset = bounded(render(buffer, judgement->shown_mount, judgement->shown_dentry), TEXT_SIZE - 1);

		object.text = buffer->text + offset;
		object.length = offset && offset <= PATH_LAST ? PATH_LAST - offset : 0;
	} else if (verdict.action != ACTION_ALLOW && !judgement->shown_dentry) {
		object.text = ANONYMOUS;
		object.length = sizeof(ANONYMOUS) - 1;
	}
	return conclude(ctx, label, &verdict, &object);
}

/* Begins a step: the memory for its judgement, with what was judged before forgotten; NULL if there is none. */
static __always_inline struct text_buffer *begin_judgement(const struct step *step, __u32 matcher)
{
	struct text_buffer *buffer = current_text_buffer();
	struct scan scan = {};

	if (!buffer)
		return NULL;
	__builtin_memset(&buffer->judgement, 0, sizeof(buffer->judgement));
	if (scan_begin(&scan, step) && scan.rules->header.matcher == matcher) {
		buffer->judgement.ruleset = scan.ruleset;
		buffer->judgement.fields = scan.rules->fields;
		buffer->judgement.begin = scan.state;
		buffer->judgement.start = scan.state;
	} else {
		buffer->judgement.failure = REASON_NO_RULESET;
	}
	return buffer;
}

/*
 * Judges each operation of a mask (bits by enum path_operation) on a file, and others on a second one if there is one. Where none
 * is asked about, the chain goes on.
 */
static __always_inline int judge_seen(void *ctx, const struct facts *facts, const struct seen *first, __u32 first_operations,
				      const struct seen *second, __u32 second_operations)
{
	const struct object object = { .kind = OBJECT_PATH };
	struct label *label = current_label();
	struct text_buffer *buffer;
	struct step *step;

	if (!label)
		return 0;
	step = current_step(label);
	if (!(first_operations | second_operations))
		return conclude(ctx, label, &(struct verdict){}, &object);
	buffer = begin_judgement(step, MATCH_PATH);
	if (!buffer)
		return conclude_error(ctx, label, step, REASON_NO_MEMORY, &object);
	buffer->judgement.program = (__u64)facts->program;
	buffer->judgement.mode = facts->mode;
	buffer->judgement.device = facts->device;
	buffer->judgement.memory = facts->memory;
	buffer->judgement.anonymous = facts->anonymous;
	consider(buffer, facts, first, first_operations);
	consider(buffer, facts, second, second_operations);
	return conclude_judgement(ctx, label, step, buffer);
}

static __always_inline int judge_files(void *ctx, const struct seen *first, __u32 first_operations,
				       const struct seen *second, __u32 second_operations)
{
	return judge_seen(ctx, &(struct facts){}, first, first_operations, second, second_operations);
}

/* Of which a hook says more than where it is. */
static __always_inline int judge_file(void *ctx, const struct seen *file, const struct facts *facts, __u32 operations)
{
	return judge_seen(ctx, facts, file, operations, &(struct seen){}, 0);
}

static __always_inline int judge_path(void *ctx, struct vfsmount *mount, struct dentry *dentry, __u32 operations)
{
	return judge_file(ctx, &(struct seen){ mount, dentry }, &(struct facts){}, operations);
}

/* What a mount covers: the file that is judged when the mount is taken from there. Its own root may have other paths too. */
static __always_inline struct seen covered_by(struct vfsmount *mounted)
{
	struct mount *mount = mount_of((__u64)mounted);
	struct mount *parent = BPF_CORE_READ(mount, mnt_parent);
	struct seen seen = { mounted, BPF_CORE_READ(mounted, mnt_root) };

	if (parent && parent != mount) {
		seen.mount = (void *)parent + bpf_core_field_offset(struct mount, mnt);
		seen.dentry = BPF_CORE_READ(mount, mnt_mountpoint);
	}
	return seen;
}
