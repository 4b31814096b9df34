/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The kernel types in use, and only the members in use. preserve_access_index makes every access a CO-RE relocation, so
 * the order and the rest of each struct do not matter; a member that moved or was renamed between kernels has a flavour
 * (the part behind ___ is ignored by libbpf).
 */
#pragma once
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include <stdbool.h>

#define EPERM 1
#define ENOMEM 12
#define SIGKILL 9

#define PF_KTHREAD 0x00200000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	const char *name;
	__u64 id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

/* arch/x86: status bit TS_COMPAT says that the current system call came through a 32-bit entry. */
struct thread_info {
	__u32 status;
};
#define TS_COMPAT 0x0002

struct upid {
	int nr;
};

struct hlist_head {
	struct hlist_node *first;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4]; /* by enum pid_type; 0 = thread */
	struct upid numbers[1];
};

struct hlist_node {
	struct hlist_node *next;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct hlist_node pid_links[4];
	char comm[16];
	struct css_set *cgroups;
	struct nsproxy *nsproxy;
	struct pid *thread_pid;
};

/* arch/x86/include/asm/ptrace.h; named apart from the one that the UAPI headers give to user space. */
struct pt_regs___kernel {
	unsigned long orig_ax;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct file_system_type {
	const char *name;
};

struct super_block {
	unsigned long s_flags;
	unsigned long s_magic;
	struct file_system_type *s_type;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	const char *mnt_devname;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct inode {
	struct super_block *i_sb;
};

/* fs/proc/internal.h */
struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

struct file {
	struct inode *f_inode;
	unsigned int f_mode;
	unsigned int f_flags;
	struct path f_path;
};

struct linux_binprm {
	struct file *file;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

/* include/linux/fs.h */
#define FMODE_READ 0x1
#define FMODE_WRITE 0x2
#define FMODE_EXEC 0x20
#define O_TRUNC 01000
#define O_APPEND 02000

/* value & mask, in an instruction that the compiler cannot prove superfluous: the verifier wants to see it. */
#define bounded(value, mask)                                                                                          \
	({                                                                                                            \
		__u64 bounded_value = (value);                                                                        \
		asm volatile("%0 &= %1" : "+r"(bounded_value) : "i"(mask));                                           \
		bounded_value;                                                                                        \
	})

/* The word at the end of each map declaration: the agent opens maps by these names below its bpffs directory. */
#define PINNED __uint(pinning, LIBBPF_PIN_BY_NAME)
