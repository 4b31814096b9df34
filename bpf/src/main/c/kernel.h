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

#define PF_IO_WORKER 0x00000010
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

struct list_head {
	struct list_head *next;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct mnt_namespace {
	struct ns_common ns;
	__u64 event;
};

/* Before 6.18. */
struct mnt_namespace___numbered {
	__u64 seq;
};

struct ns_common___numbered {
	__u64 ns_id;
};

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t fsuid;
};

struct uid_gid_extent {
	__u32 first;
	__u32 lower_first;
	__u32 count;
};

#define EXTENTS 5 /* more are elsewhere */

struct uid_gid_map {
	__u32 nr_extents;
	struct uid_gid_extent extent[EXTENTS];
};

struct user_namespace {
	struct uid_gid_map uid_map;
};

struct mnt_idmap {
	struct uid_gid_map uid_map;
};

/* Before 6.7. */
struct mnt_idmap___owner {
	struct user_namespace *owner;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

/* arch/x86: status bit TS_COMPAT says that the current system call came through a 32-bit entry. */
struct thread_info {
	__u32 status;
};
#define TS_COMPAT 0x0002

struct pid_namespace {
	struct task_struct *child_reaper;
	struct pid_namespace *parent;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4]; /* by enum pid_type; 0 = thread */
	struct upid numbers[1];
};

struct mm_struct {
	void *pgd;
	struct file *exe_file;
};

struct vm_area_struct {
	unsigned long vm_flags;
	void *anon_vma;
	struct file *vm_file;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct fs_struct *fs;
	void *io_uring; /* NULL until the task uses it */
	const struct cred *cred;
	struct mm_struct *mm;
	struct hlist_node pid_links[4];
	char comm[16];
	struct css_set *cgroups;
	struct nsproxy *nsproxy;
	struct pid *thread_pid;
};

/* arch/x86/include/asm/ptrace.h; named apart from the one that the UAPI headers give to user space. */
struct pt_regs___kernel {
	unsigned long bp;
	unsigned long r9;
	unsigned long orig_ax;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct file_system_type {
	const char *name;
};

/* Its mounts are a list until 6.17, and since then a chain. */
struct super_block {
	unsigned long s_flags;
	unsigned long s_magic;
	struct file_system_type *s_type;
	struct list_head s_mounts;
	struct user_namespace *s_user_ns;
};

struct super_block___chain {
	struct mount *s_mounts;
};

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	struct hlist_head i_dentry;
	kuid_t i_uid;
	unsigned int i_nlink;
	__u32 i_rdev;
};

typedef struct {
	unsigned int sequence;
} seqcount_t;

typedef struct {
	seqcount_t seqcount;
} seqcount_spinlock_t;

struct dentry {
	seqcount_spinlock_t d_seq;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

/* Before 6.19: the union of a dentry's place among its inode's names and others. */
struct dentry___aliased {
	struct hlist_node d_u;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	struct mnt_idmap *mnt_idmap;
	int mnt_flags;
};

/* Before 6.2. */
struct vfsmount___userns {
	struct user_namespace *mnt_userns;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_instance;
	struct mnt_namespace *mnt_ns;
	const char *mnt_devname;
};

struct mount___chain {
	struct mount *mnt_next_for_sb;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct fs_struct {
	struct path root;
};

/* fs/proc/internal.h */
struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

struct file {
	unsigned int f_mode;
	unsigned int f_flags;
	struct inode *f_inode;
	struct path f_path;
};

/* A file that a stackable file system opened for a user's one (since 6.5): a mapping has it as its file. */
struct backing_file {
	struct path user_path;
};

/* Later than 7.2. */
struct backing_file___file {
	struct file user_path_file;
};

struct linux_binprm {
	struct file *file;
	struct mm_struct *mm; /* of the program to come */
	unsigned long p;      /* the first argument, in that memory */
	const char *filename; /* as it was named */
	int argc;
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
#define S_IFMT 0170000
#define S_IFDIR 0040000
#define S_IFSOCK 0140000

/* include/linux/fs.h */
#define FMODE_READ 0x1
#define FMODE_WRITE 0x2
#define FMODE_EXEC 0x20
#define FMODE_NOACCOUNT 0x20000000
#define O_TRUNC 01000
#define O_APPEND 02000
#define RENAME_EXCHANGE 2

/* value & mask, in an instruction that the compiler cannot prove superfluous: the verifier wants to see it. */
#define bounded(value, mask)                                                                                          \
	({                                                                                                            \
		__u64 bounded_value = (value);                                                                        \
		asm volatile("%0 &= %1" : "+r"(bounded_value) : "i"(mask));                                           \
		bounded_value;                                                                                        \
	})

/* The word at the end of each map declaration: the agent opens maps by these names below its bpffs directory. */
#define PINNED __uint(pinning, LIBBPF_PIN_BY_NAME)
