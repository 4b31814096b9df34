/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM sb_pivotroot (since 5.7): pivot_root(2), which moves the root mount. In the mount namespace that the container began in
 * every file gets another path; in others the paths there go on being looked for.
 * Return: 0 allows, a negative errno is what pivot_root(2) returns.
 */
#include "alias.h"
#include "mount.h"

HOOK(sb_pivotroot)

SEC("lsm/sb_pivotroot")
int BPF_PROG(match_mount, const struct path *put_old, const struct path *new_root)
{
	return judge_word(ctx, move_use);
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(match_path, const struct path *put_old, const struct path *new_root)
{
	const struct seen old = { BPF_CORE_READ(put_old, mnt), BPF_CORE_READ(put_old, dentry) };
	const struct seen covered = covered_by(BPF_CORE_READ(new_root, mnt));

	return judge_files(ctx, &old, 1 << OPERATION_MOUNT, &covered, 1 << OPERATION_MOUNT);
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(match_alias, const struct path *put_old, const struct path *new_root)
{
	struct names names;

	if (begin_names(&names) && changes_first_namespace(names.label)) {
		names.buffer->judgement.mount = (__u64)BPF_CORE_READ(new_root, mnt);
		names.buffer->judgement.dentry = (__u64)BPF_CORE_READ(new_root, dentry);
		weigh_all(names.buffer);
	}
	return conclude_names(ctx, &names);
}
