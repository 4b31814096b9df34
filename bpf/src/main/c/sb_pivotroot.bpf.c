/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM sb_pivotroot (since 5.7): pivot_root(2), which moves the root mount.
 * Return: 0 allows, a negative errno is what pivot_root(2) returns.
 */
#include "mount.h"

HOOK(sb_pivotroot)

SEC("lsm/sb_pivotroot")
int BPF_PROG(match_mount, const struct path *old_path, const struct path *new_path)
{
	struct mount_use use = { .type = move_use, .flags = NO_MOUNT_SOURCE | NO_MOUNT_FLAGS };

	return judge_mount(ctx, &use);
}
