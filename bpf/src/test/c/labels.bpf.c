// SPDX-License-Identifier: GPL-2.0-only
/* A task storage, which only an object with type information can create. Its programs need a kernel with BTF; one needs BPF LSM. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct seq_file;

struct task_struct {
    int pid, tgid;
} __attribute__((preserve_access_index));

struct bpf_iter_meta {
    struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
} __attribute__((preserve_access_index));

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

/* A labelled task may not do what the hook guards. */
SEC("lsm/path_mkdir")
int BPF_PROG(guard) {
    struct label *label = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
    if (!label)
        return 0;
    __sync_fetch_and_add(&calls, 1);
    return -1;
}

/* Writes (pid, slot) of every labelled thread. */
SEC("iter/task")
int tasks(struct bpf_iter__task *ctx) {
    struct task_struct *task = ctx->task;
    if (!task)
        return 0;
    struct label *label = bpf_task_storage_get(&labels, task, 0, 0);
    if (!label)
        return 0;
    __u32 line[2] = {task->pid, label->slot};
    bpf_seq_write(ctx->meta->seq, line, sizeof(line));
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
