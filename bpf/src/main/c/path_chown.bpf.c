/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM path_chown (since 5.7, CONFIG_SECURITY_PATH): owner or group are about to change, by name or by descriptor.
 * Return: 0 allows, a negative errno is what chown(2) returns.
 */
#include "hook.h"
#include "judge.h"

HOOK(path_chown)

SEC("lsm/path_chown")
int BPF_PROG(match_path, const struct path *path)
{
	return judge_path(ctx, BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry), 1 << OPERATION_CHOWN);
}
