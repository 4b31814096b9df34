/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM capable (since 5.7): the kernel asks whether the task has a capability. Return: 0 lets the kernel's own rules
 * decide, a negative errno means "has it not".
 */
#include "mount.h"

HOOK(capable)

SEC("lsm/capable")
int BPF_PROG(match_capability, const void *cred, void *ns, int capability)
{
	struct object object = { .kind = OBJECT_CAPABILITY, .number = capability };
	struct label *label = current_label();
	const struct verdict *table;
	struct step *step;

	if (!label)
		return 0;
	step = current_step(label);
	table = verdict_table(step);
	if (!table)
		return conclude_error(ctx, label, step, REASON_NO_RULESET, &object);
	return conclude(ctx, label, &table[bounded(capability, CAPABILITIES - 1)], &object);
}

#define CAP_SYS_ADMIN 21

/* The same in all tables of system calls. */
#define NR_OPEN_TREE 428
#define NR_FSCONFIG 431
#define NR_FSPICK 433
#define NR_MOUNT_SETATTR 442
#define NR_OPEN_TREE_ATTR 467

/* include/uapi/linux/mount.h */
#define OPEN_TREE_CLONE 1
#define OPEN_TREE_NAMESPACE 2
#define FSCONFIG_CMD_RECONFIGURE 7

/* An argument of the system call in progress; "worst" where it cannot be read. */
static __always_inline __u64 argument_of_call(__u32 index, __u64 worst)
{
	__u64 value;

	return read_register(index, &value) ? value : worst;
}

/*
 * Uses of the mount system calls that pass no other hook before their effect. open_tree_attr, which can be two of them, asks
 * once for each, in this order; the question does not say for which, so both are judged each time.
 */
SEC("lsm/capable")
int BPF_PROG(match_mount, const void *cred, void *ns, int capability)
{
	struct mount_use use = { .flags = NO_MOUNT_SOURCE }, other = { .flags = NO_MOUNT_SOURCE };
	struct object object = { .kind = OBJECT_MOUNT };
	struct label *label = current_label();
	struct verdict verdict = {};
	struct text_buffer *buffer;
	enum reason reason;
	struct step *step;
	bool compat;

	if (!label)
		return 0;
	if (capability == CAP_SYS_ADMIN) {
		switch (system_call(&compat)) {
		case NR_OPEN_TREE_ATTR:
			other.type = attributes_use;
			/* fall through */
		case NR_OPEN_TREE:
			if (argument_of_call(2, ~0ULL) & (OPEN_TREE_CLONE | OPEN_TREE_NAMESPACE)) {
				use.type = tree_use;
				use.flags |= NO_MOUNT_FLAGS;
			}
			break;
		case NR_MOUNT_SETATTR:
			use.type = attributes_use;
			break;
		case NR_FSCONFIG:
			if ((__u32)argument_of_call(1, FSCONFIG_CMD_RECONFIGURE) == FSCONFIG_CMD_RECONFIGURE)
				use.type = remount_use;
			break;
		case NR_FSPICK:
			use.type = remount_use;
			break;
		}
	}
	if (!use.type) {
		use = other;
		other.type = NULL;
	}
	if (!use.type)
		return conclude(ctx, label, &verdict, &object);
	step = current_step(label);
	buffer = current_text_buffer();
	if (!buffer)
		return conclude_error(ctx, label, step, REASON_NO_MEMORY, &object);
	reason = mount_verdict(step, &use, buffer, &object, &verdict);
	if (reason == REASON_RULE && other.type && verdict.action < ACTION_DENY) {
		struct verdict second = {};

		reason = mount_verdict(step, &other, buffer, &object, &second);
		if (second.action > verdict.action)
			verdict = second;
	}
	if (reason != REASON_RULE)
		return conclude_error(ctx, label, step, reason, &object);
	return conclude(ctx, label, &verdict, &object);
}
