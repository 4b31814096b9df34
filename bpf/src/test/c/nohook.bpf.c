// SPDX-License-Identifier: GPL-2.0-only
/* For an LSM hook that no kernel has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("lsm/no_such_hook")
int lost(void *ctx) {
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
