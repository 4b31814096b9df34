/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM capable (since 5.7): the kernel asks whether the task has a capability. Return: 0 lets the kernel's own rules
 * decide, a negative errno means "has it not".
 */
#include "mount.h"
#include "registers.h"

HOOK(capable)

SEC("lsm/capable")
int BPF_PROG(match_capability, const void *cred, void *ns, int capability)
{
	struct object object = { .kind = OBJECT_CAPABILITY, .number = capability };
	struct label *label = current_label();

	return label ? conclude_entry(ctx, label, capability, CAPABILITIES - 1, &object) : 0;
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

/* The use of the mount system calls that the task asks for; NULL for none. */
static __always_inline const char *use_of_call(__u32 number)
{
	switch (number) {
	case NR_OPEN_TREE:
	case NR_OPEN_TREE_ATTR:
		return argument_of_call(2, ~0ULL) & (OPEN_TREE_CLONE | OPEN_TREE_NAMESPACE) ? tree_use : NULL;
	case NR_FSCONFIG:
		return (__u32)argument_of_call(1, FSCONFIG_CMD_RECONFIGURE) == FSCONFIG_CMD_RECONFIGURE ? remount_use : NULL;
	case NR_FSPICK:
		return remount_use;
	case NR_MOUNT_SETATTR:
		return attributes_use;
	}
	return NULL;
}

/*
 * Uses of the mount system calls that pass no other hook before their effect. open_tree_attr, which can be two of them, asks
 * once for each; the question does not say for which, so both are judged each time.
 */
SEC("lsm/capable")
int BPF_PROG(match_mount, const void *cred, void *ns, int capability)
{
	const struct object object = { .kind = OBJECT_MOUNT };
	struct label *label = current_label();
	const struct verdict none = {};
	struct mount_use use = {}, attributes = {};
	bool compat, sets_attributes;
	__u32 number;

	if (!label)
		return 0;
	number = system_call(&compat);
	sets_attributes = number == NR_OPEN_TREE_ATTR;
	if (capability == CAP_SYS_ADMIN)
		use.type = use_of_call(number);
	if (capability != CAP_SYS_ADMIN || (!use.type && !sets_attributes))
		return conclude(ctx, label, &none, &object);
	attributes.type = attributes_use;
	attributes.flags = NO_MOUNT_SOURCE;
	use.flags = NO_MOUNT_SOURCE | (use.type == tree_use ? NO_MOUNT_FLAGS : 0);
	return judge_mount(ctx, use.type ? &use : &attributes, sets_attributes ? &attributes : NULL);
}
