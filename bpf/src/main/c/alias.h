/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges what gives a file another name, or takes the name away under which rules speak of it: as access to the file,
 * because afterwards nothing tells that it is the same one. The ruleset is that of MATCH_ALIAS: its keys are paths alone,
 * its verdicts the strongest that a path can get, for whatever file and program, and behind them as many that it is sure to
 * get (ruleset.h).
 *
 * A new name must be sure to prevent what the old one may prevent. For a directory, with all that is below it, the states
 * behind both names are compared: equal ones mean that nothing changes for anything below; otherwise there must be
 * nothing below that is prevented.
 */
#pragma once
#include "judge.h"

#define ALL_OPERATIONS ((1 << OPERATIONS) - 1)
#define COVERING (1 << OPERATION_MOUNT | 1 << OPERATION_CREATE)
#define STATE_NOWHERE 0xfffffffe /* of a name that cannot be reached: nothing is sure */
#define PATH_ROOT (PATH_LAST - 1) /* offset of the path "/" */

static __always_inline const struct key_ruleset *alias_rules(const struct judgement *judgement)
{
	const struct key_ruleset *rules = ruleset_block(judgement->ruleset, 0);

	return rules && rules->header.version == RULESET_VERSION ? rules : NULL;
}

/* The state behind a slash, from that behind a directory's path. */
static __always_inline __u32 state_inside(const struct judgement *judgement, __u32 state, __u32 offset)
{
	const struct key_ruleset *rules = alias_rules(judgement);
	__u32 next;

	if (state == STATE_NOWHERE || offset == PATH_ROOT)
		return state;
	if (state == STATE_BROKEN || !rules || !row_word(judgement->ruleset, state, ROW_HEAD + rules->class_of['/'], &next))
		return STATE_BROKEN;
	return next;
}

/* Keeps the strongest of what may be prevented at a state (word 0) or below it (word 1) and is not sure at another. */
static __always_inline bool weigh_loss(struct judgement *judgement, __u32 state, __u32 word, __u32 other, __u64 mount,
				       __u64 dentry)
{
	const struct key_ruleset *rules = alias_rules(judgement);
	const struct verdicts *may, *sure = NULL;
	__u32 number;

	if (state == STATE_NOWHERE)
		return true;
	if (!rules || state == STATE_BROKEN || other == STATE_BROKEN || !row_word(judgement->ruleset, state, word, &number))
		return false;
	may = numbered_verdicts(rules, judgement->ruleset, number);
	if (!may)
		return false;
	if (other != STATE_NOWHERE) {
		if (!row_word(judgement->ruleset, other, 0, &number))
			return false;
		sure = numbered_verdicts(rules, judgement->ruleset, number + rules->verdict_count / 2);
		if (!sure)
			return false;
	}
#pragma clang loop unroll(disable)
	for (int i = 0; i < OPERATIONS; i++) {
		__u8 action = may->of[i].action, least = sure ? sure->of[i].action : ACTION_ALLOW;

		if (!(judgement->operations & (1 << i)) || action <= judgement->strongest.action)
			continue;
		if (least >= ACTION_DENY || least >= action)
			continue;
		judgement->strongest = may->of[i];
		judgement->operation = i;
		judgement->shown_mount = mount;
		judgement->shown_dentry = dentry;
	}
	return true;
}

/*
 * Judges that all at or below a name is lost or covered there. A state behind names that no glob mentions, at whatever
 * depth, is no loss: what is prevented below it is prevented below every name.
 */
static __always_inline bool weigh_whole(struct judgement *judgement, __u32 state, __u32 offset, __u64 mount, __u64 dentry)
{
	const struct key_ruleset *rules = alias_rules(judgement);
	__u32 inside = state_inside(judgement, state, offset);

	if (!rules)
		return false;
	if (state != rules->plain_name && state != rules->plain_directory &&
	    !weigh_loss(judgement, state, 0, STATE_NOWHERE, mount, dentry))
		return false;
	return inside == rules->plain_directory || weigh_loss(judgement, inside, 1, STATE_NOWHERE, mount, dentry);
}

/* Compares two names of a file or directory, as seen through one mount each. Target mount 0: the same one. */
__noinline int compare_names(struct text_buffer *buffer, __u64 mount)
{
	const struct key_ruleset *rules;
	struct judgement *judgement;
	__u32 offset, target_offset, state, target, inside, target_inside, asked;
	__u64 target_mount;

	if (!buffer)
		return 0;
	judgement = &buffer->judgement;
	offset = render(buffer, mount, judgement->dentry);
	if (!offset)
		goto too_long;
	/* What is mounted there by itself goes on having its name, if it is only renamed. */
	if (offset & PATH_OUTSIDE ||
	    (judgement->is_renamed && judgement->dentry == (__u64)BPF_CORE_READ((struct vfsmount *)mount, mnt_root)))
		return 0;
	judgement->places++;
	state = follow(buffer, judgement->ruleset, judgement->start, offset, PATH_LAST);
	target_mount = judgement->target_mount ?: mount;
	target_offset = render(buffer, target_mount, judgement->target_dentry);
	if (!target_offset)
		goto too_long;
	if (target_offset & PATH_OUTSIDE)
		target = STATE_NOWHERE;
	else
		target = follow(buffer, judgement->ruleset, judgement->start, target_offset, PATH_LAST);
	if (state == target)
		return 0;
	rules = alias_rules(judgement);
	if (!rules)
		goto broken;
	asked = judgement->operations;
	judgement->operations = ALL_OPERATIONS;
	if (!weigh_loss(judgement, state, 0, target, mount, judgement->dentry))
		goto broken;
	if (judgement->is_directory) {
		inside = state_inside(judgement, state, offset);
		target_inside = state_inside(judgement, target, target_offset);
		if (inside != target_inside) {
			if (!weigh_loss(judgement, inside, 1, STATE_NOWHERE, mount, judgement->dentry))
				goto broken;
			/* What comes with it may be what must not come into being there. */
			judgement->operations = asked;
			if (target_inside != rules->plain_directory &&
			    !weigh_loss(judgement, target_inside, 1, STATE_NOWHERE, target_mount, judgement->target_dentry))
				goto broken;
		}
	}
	judgement->operations = asked;
	return 0;
too_long:
	judgement->failure = REASON_PATH_TOO_LONG;
	return 0;
broken:
	judgement->failure = REASON_NO_RULESET;
	return 0;
}

static long compare_next(__u64 index, struct text_buffer **buffer)
{
	return visit_next(*buffer, compare_names);
}

/* Compares the names by every place that the first one has. */
__noinline int compare_places(struct text_buffer *buffer)
{
	struct judgement *judgement;

	if (!buffer)
		return 0;
	judgement = &buffer->judgement;
	if (!visit_places(buffer, compare_names, compare_next))
		return 0;
	judgement->operations = ALL_OPERATIONS;
	if (!weigh_loss(judgement, judgement->start, 1, STATE_NOWHERE, judgement->mount, judgement->dentry))
		judgement->failure = REASON_NO_RULESET;
	return 0;
}

/* Judges that what is at and below the name is taken from there, or covered (only some operations). */
__noinline int weigh_name(struct text_buffer *buffer)
{
	struct judgement *judgement;
	__u32 offset, state;
	__u64 mount, dentry;

	if (!buffer)
		return 0;
	judgement = &buffer->judgement;
	if (judgement->failure != REASON_RULE)
		return 0;
	mount = judgement->mount;
	dentry = judgement->dentry;
	offset = render(buffer, mount, dentry);
	if (!offset) {
		judgement->failure = REASON_PATH_TOO_LONG;
		return 0;
	}
	if (offset & PATH_OUTSIDE)
		return 0;
	state = follow(buffer, judgement->ruleset, judgement->start, offset, PATH_LAST);
	if (state == STATE_BROKEN || !weigh_whole(judgement, state, offset, mount, dentry))
		judgement->failure = REASON_NO_RULESET;
	return 0;
}

static __always_inline void consider_whole(struct text_buffer *buffer, struct vfsmount *mount, struct dentry *dentry,
					   __u32 operations)
{
	buffer->judgement.mount = (__u64)mount;
	buffer->judgement.dentry = (__u64)dentry;
	buffer->judgement.operations = operations;
	weigh_name(buffer);
}

/* Judges that everything that has a name loses it. */
__noinline int weigh_all(struct text_buffer *buffer)
{
	struct judgement *judgement;
	__u32 state;

	if (!buffer)
		return 0;
	judgement = &buffer->judgement;
	if (judgement->failure != REASON_RULE)
		return 0;
	buffer->text[PATH_ROOT] = '/';
	buffer->text[PATH_LAST] = 0;
	state = follow(buffer, judgement->ruleset, judgement->start, PATH_ROOT, PATH_LAST);
	judgement->operations = ALL_OPERATIONS;
	if (state == STATE_BROKEN ||
	    !weigh_whole(judgement, state, PATH_ROOT, judgement->mount, judgement->dentry))
		judgement->failure = REASON_NO_RULESET;
	return 0;
}

/* A file or directory gets another name, or a further one. Addresses are numbers here. */
static __always_inline void consider_name(struct text_buffer *buffer, __u64 mount, __u64 dentry, __u64 target, bool is_renamed)
{
	struct judgement *judgement = &buffer->judgement;

	if (judgement->failure != REASON_RULE)
		return;
	judgement->mount = mount;
	judgement->dentry = dentry;
	judgement->target_mount = 0;
	judgement->target_dentry = target;
	judgement->is_renamed = is_renamed;
	judgement->is_directory = (BPF_CORE_READ((struct dentry *)dentry, d_inode, i_mode) & S_IFMT) == S_IFDIR;
	judgement->operations = 1 << OPERATION_CREATE | 1 << OPERATION_RENAME;
	compare_places(buffer);
}

/* The other one gets the name that was just considered, and gives its own. */
static __always_inline void consider_exchange(struct text_buffer *buffer)
{
	const struct judgement *judgement = &buffer->judgement;

	consider_name(buffer, judgement->mount, judgement->target_dentry, judgement->dentry, judgement->is_renamed);
}

/*
 * Whether what the task does with mounts is done in the namespace that the container began in, where rules look for the
 * paths of files; or in another, while that one may be gone.
 */
static __always_inline bool changes_first_namespace(const struct label *label)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct container *container = container_of_label(label);

	return !container || !container->namespace ||
	       namespace_number(namespace_of(task)) == container->namespace ||
	       !namespace_lives(container->namespace);
}

/* A step that judges names. */
struct names {
	struct label *label;
	struct step *step;
	struct text_buffer *buffer;
};

static __always_inline bool begin_names(struct names *names)
{
	names->step = NULL;
	names->buffer = NULL;
	names->label = current_label();
	if (!names->label)
		return false;
	names->step = current_step(names->label);
	names->buffer = begin_judgement(names->step, MATCH_ALIAS);
	return names->buffer != NULL;
}

static __always_inline int conclude_names(void *ctx, const struct names *names)
{
	const struct object object = { .kind = OBJECT_PATH };

	if (!names->label)
		return 0;
	if (!names->buffer)
		return conclude_error(ctx, names->label, names->step, REASON_NO_MEMORY, &object);
	return conclude_judgement(ctx, names->label, names->step, names->buffer);
}
