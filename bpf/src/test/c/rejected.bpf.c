// SPDX-License-Identifier: GPL-2.0-only
/* Reads a map value without the check for NULL that the verifier asks for. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u64);
} values SEC(".maps");

SEC("raw_tp/sys_enter")
int unchecked(void *ctx) {
    __u32 key = 0;
    __u64 *value = bpf_map_lookup_elem(&values, &key);
    return (int)*value;
}

char LICENSE[] SEC("license") = "GPL";
