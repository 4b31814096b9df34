/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Containers and their routes.
 *
 *   expected         name of a cgroup's directory -> container; written before the runtime makes the cgroup
 *   cgroups          cgroup id -> container; written by lifecycle.bpf.c when the cgroup is made
 *   containers       what the kernel side knows of a container
 *   container_routes container -> route and generation; one 64-bit store by user space switches all hooks at once
 *   routes           route -> chain for each hook
 *   chains           the steps of a chain
 *
 * Routes, chains and rulesets are never changed while a container can reach them: user space writes new ones beside
 * the old, stores the new route, waits for a grace period, and only then reuses the old numbers.
 */
#pragma once
#include "kernel.h"

#define NAME_SIZE 128
#define HOOKS 64
#define STEPS 32

struct cgroup_name {
	char text[NAME_SIZE]; /* padded with NULs */
};

/* Where a container stands; only ever rises until the slot is given to another. */
enum container_state {
	CONTAINER_FREE,
	CONTAINER_EXPECTED, /* CREATE was answered, no cgroup yet */
	CONTAINER_MADE,     /* the cgroup exists; what runs in it is the runtime */
	CONTAINER_ARMED,    /* the workload has begun: each exec in it is labelled */
	CONTAINER_GONE,     /* the cgroup is gone; labelled tasks may live elsewhere */
};

/* A container that is denied in a loop must not drown the events of the others, nor the agent. */
#define EVENTS_PER_SECOND 500

struct container {
	__u64 cgroup;          /* id, 0 until it is made */
	__u32 state;           /* enum container_state */
	__u32 runtime_mntns;   /* inode number of the mount namespace of whoever made the cgroup */
	__u64 decisions[4];    /* events by enum action */
	__u64 errors;          /* internal errors, each of which denied */
	__u64 events_lost;      /* the ring buffer was full; the decision was taken all the same */
	__u64 events_throttled; /* over the rate below; likewise */
	__u64 second;           /* of CLOCK_BOOTTIME, that events_in_second counts */
	__u64 events_in_second;
	__u64 namespace; /* number of the mount namespace that the workload began in; 0: not known yet */
	__u64 root;      /* address of the superblock of its root then, to compare with; never followed */
	__u32 mounted;   /* 1: the workload has mounted something, so one file may have several paths */
	__u32 unused;
	struct cgroup_name name;
};

struct route {
	__u32 chain[HOOKS]; /* by hook number, 0 = none */
};

#define STEP_ENFORCES 1 /* its ruleset can prevent something: an internal error denies */

struct step {
	__u32 ruleset; /* index into rulesets */
	__u16 slot;    /* in the hook's program array */
	__u16 flags;
};

struct chain {
	__u32 count;
	__u32 unused;
	struct step steps[STEPS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct cgroup_name);
	__type(value, __u32);
	PINNED;
} expected SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u32);
	PINNED;
} cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct container);
	PINNED;
} containers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64); /* generation << 32 | route; route 0 = nothing is enforced */
	PINNED;
} container_routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2048);
	__type(key, __u32);
	__type(value, struct route);
	PINNED;
} routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, struct chain);
	PINNED;
} chains SEC(".maps");
