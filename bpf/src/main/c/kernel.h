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

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int pid;
	int tgid;
	struct task_struct *real_parent;
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
	struct file_system_type *s_type;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	unsigned int f_mode;
	unsigned int f_flags;
	struct path f_path;
};

struct linux_binprm {
	struct file *file;
};

struct in6_addr {
	__u8 bytes[16];
};

/* What is read of a struct sockaddr is copied whole: address.h. */
struct sockaddr {
	__u16 sa_family;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num; /* the local port, in the CPU's byte order */
	unsigned short skc_family;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u8 sk_kern_sock : 1;
	__u16 sk_type;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct sockaddr_un {
	char sun_path[108];
};

/* Of a bound Unix socket; the same as long as the socket lives. */
struct unix_address {
	int len; /* of the sockaddr_un: 2 for the family, and the bytes of sun_path in use */
	struct sockaddr_un name[];
};

struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct path path; /* where it was bound, if to a path */
	struct sock *peer;
};

struct msghdr {
	void *msg_name; /* a copy in kernel memory */
	int msg_namelen;
	unsigned int msg_flags;
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

/* include/linux/socket.h, include/uapi/linux/in.h and net.h; the numbers that user space has too */
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_SMC 43
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_SEQPACKET 5
#define SOCK_DCCP 6
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_DCCP 33
#define IPPROTO_SCTP 132
#define IPPROTO_UDPLITE 136
#define IPPROTO_SMC 256
#define MSG_FASTOPEN 0x20000000

/* include/uapi/linux/stat.h */
#define S_IFMT 00170000
#define S_IFSOCK 0140000

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
