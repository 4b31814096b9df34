/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Events. The decision is taken first; an event that does not fit into the ring is counted, never waited for.
 */
#pragma once
#include "kernel.h"
#include "label.h"
#include "route.h"
#include "ruleset.h"

#define OBJECT_SIZE 1024

/* Why: a rule, or an internal error that denied. io.bpfguard.bpf.routing.DecisionEvent.Reason */
enum reason {
	REASON_RULE,
	REASON_NO_ROUTE,        /* the container's route is not there */
	REASON_NO_STEP,         /* a chain's step is not in the program array */
	REASON_NO_RULESET,      /* a ruleset is not there, or of another version */
	REASON_PATH_TOO_LONG,   /* over 4095 bytes, or too many components and mounts */
	REASON_READ_FAILED,     /* kernel memory could not be read */
	REASON_NO_MEMORY,       /* no task storage for the path */
	REASON_PROGRAM_FAILED,  /* a program of programs.d says that it cannot tell */
	REASON_UNCLAIMED,       /* no container was announced for the cgroup: unclaimed.h */
};

enum object_kind {
	OBJECT_NONE,
	OBJECT_PATH,
	OBJECT_MOUNT,
	OBJECT_CAPABILITY,
	OBJECT_SYSTEM_CALL,
	OBJECT_ADDRESS,
	OBJECT_ARGUMENTS,
	OBJECT_SIGNAL,
	OBJECT_PROCESS_FILE,
	OBJECT_PROGRAM,
};

struct event {
	__u64 time;       /* CLOCK_BOOTTIME, nanoseconds */
	__u64 cgroup;     /* of the container: its slot may be another's by the time this is read */
	__u32 container;
	__u32 generation;
	__u32 rule;
	__u32 hook;
	__u32 pid;
	__u32 tid;
	__u32 ns_pid;     /* tid in the innermost pid namespace */
	__u32 uid;
	__u8 action;      /* enum action */
	__u8 error;
	__u8 reason;      /* enum reason */
	__u8 object_kind; /* enum object_kind */
	__u32 operation;  /* enum path_operation, socket_operation, signal_target or process_access, or the ABI of a system call: 0 = 64-bit, 1 = 32-bit */
	__u64 number;     /* capability, system call, flags of a mount, signal, the process that a file of procfs shows, or what a program said */
	char comm[16];
	__u32 object_length;
	__u32 value_count;
	__u64 values[ARGUMENTS]; /* integers that were judged, in the order of the ruleset's extractors; value_count of them */
	char object[OBJECT_SIZE]; /* the first OBJECT_SIZE - 1 bytes */
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
	PINNED;
} events SEC(".maps");

/* Who decides. */
struct source {
	__u32 container;
	__u32 hook;
	__u32 generation;
};

/* What the decision is about. text: kernel memory, length bytes. */
struct object {
	enum object_kind kind;
	__u32 operation;
	__u64 number;
	const char *text;
	__u32 length;
	__u32 value_count;
	const __u64 *values; /* ARGUMENTS of them in memory */
};
