// SPDX-License-Identifier: GPL-2.0-only
/* A task storage, which only an object with type information can create; its programs need a kernel with BTF and BPF LSM. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct label {
    __u32 slot;
    __u32 flags;
};

struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct label);
} labels SEC(".maps");

__u64 calls;

SEC("lsm/file_open")
int guard(void *ctx) {
    calls++;
    return 0;
}

SEC("iter/task")
int tasks(void *ctx) {
    calls++;
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
