// SPDX-License-Identifier: GPL-2.0-only
/* Counts the system calls of one process, reports each, and passes it through a tail call. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct filter {
    __u32 tgid;
    __u32 wanted; /* system call number */
};

const volatile struct filter filter = {};
const volatile __u64 step = 1;
const volatile __u8 small = 0;
__u64 seen;

struct event {
    __u64 count;
    __u32 syscall;
    __u32 tgid;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u64);
} counts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 4);
    __uint(key_size, 4);
    __uint(value_size, 4);
} steps SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
    __uint(max_entries, 8);
    __uint(key_size, 4);
    __uint(value_size, 4);
} tables SEC(".maps");

SEC("raw_tp/sys_enter")
int count(struct bpf_raw_tracepoint_args *ctx) {
    __u32 tgid = bpf_get_current_pid_tgid() >> 32, zero = 0;
    if (tgid != filter.tgid || ctx->args[1] != filter.wanted)
        return 0;
    seen++;
    __u64 *value = bpf_map_lookup_elem(&counts, &zero);
    if (!value)
        return 0;
    __u64 total = __sync_fetch_and_add(value, step) + step;
    struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
    if (event) {
        event->count = total;
        event->syscall = (__u32)ctx->args[1];
        event->tgid = tgid;
        bpf_ringbuf_submit(event, 0);
    }
    bpf_tail_call(ctx, &steps, 0);
    return 0;
}

/* Adds what the inner table 7 says at index 3 to the second counter. */
SEC("raw_tp/sys_enter")
int next(struct bpf_raw_tracepoint_args *ctx) {
    __u32 one = 1, table = 7, index = 3;
    __u64 *total = bpf_map_lookup_elem(&counts, &one);
    void *inner = bpf_map_lookup_elem(&tables, &table);
    if (!total || !inner)
        return 0;
    __u64 *amount = bpf_map_lookup_elem(inner, &index);
    if (amount)
        __sync_fetch_and_add(total, *amount + small);
    return 0;
}

SEC("syscall")
int twice(__u64 *context) {
    context[0] *= 2;
    return 42;
}

char LICENSE[] SEC("license") = "GPL";
