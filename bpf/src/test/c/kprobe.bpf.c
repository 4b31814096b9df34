// SPDX-License-Identifier: GPL-2.0-only
/* Counts calls of one kernel function by one process, through a perf event. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 tgid = 0;
__u64 calls;

SEC("kprobe")
int probe(void *ctx) {
    if (bpf_get_current_pid_tgid() >> 32 == tgid)
        __sync_fetch_and_add(&calls, 1);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
