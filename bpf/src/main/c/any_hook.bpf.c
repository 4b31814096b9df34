/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * LSM, any hook that returns an int: the name below only stands in until the loader sets the real one
 * (bpf_program__set_attach_target). Since 5.17 (bpf_loop is used by others, this needs only task storage in LSM: 5.11).
 * Return: 0 allows, a negative errno prevents.
 */
#include "hook.h"

HOOK(file_permission)
