/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_truncate (since 5.7, CONFIG_SECURITY_PATH): truncate(2); before 6.2 also ftruncate(2) and open(2) with O_TRUNC,
 * which have file_truncate since then.
 * Return: 0 allows, a negative errno is what the call returns.
 */
#include "hook.h"
#include "judge.h"

HOOK(path_truncate)

SEC("lsm/path_truncate")
int BPF_PROG(match_path, const struct path *path)
{
	return judge_path(ctx, BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry), 1 << OPERATION_TRUNCATE);
}
