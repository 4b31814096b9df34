/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM bprm_check_security (since 5.7): the file that is about to run as a program, and again the interpreter of a
 * script. Return: 0 allows, a negative errno is what execve(2) returns.
 */
#include "hook.h"
#include "judge.h"

HOOK(bprm_check_security)

SEC("lsm/bprm_check_security")
int BPF_PROG(match_path, struct linux_binprm *bprm)
{
	const struct seen file = { bprm->file->f_path.mnt, bprm->file->f_path.dentry };
	const struct facts facts = { .program = bprm };

	return judge_file(ctx, &file, &facts, 1 << OPERATION_EXEC);
}
