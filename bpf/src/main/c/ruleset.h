/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The bytes of a ruleset, written by io.bpfguard.policy.compile and read by the matchers. Little-endian, no pointers,
 * never changed once it is in the kernel (its map is frozen).
 *
 * A ruleset lives in an array map of 64 KiB elements ("blocks"). Addresses inside it are byte or word numbers from its
 * beginning; nothing that is read as one piece crosses a block.
 *
 * Every ruleset begins with struct ruleset_header. Behind it, by matcher:
 *
 *   PATH, MOUNT, ADDRESS,   struct key_ruleset: a DFA over the bytes of a key. A key is the matcher's fields in the order of
 *   ARGUMENTS               their enum, those of them that the ruleset's rules ask for (bits of "fields"): integers
 *                           big-endian in a fixed width, strings with a NUL behind them but for the last field's. So
 *                           equality, ranges, masks and globs are one walk, whatever the number of rules.
 *                           A state is a row of ROW_HEAD + classes words: word 0 is the index of the verdicts for a key
 *                           that ends here, word 1 that of the strongest verdicts which this key or one that goes on from it
 *                           can get (PATH only), word ROW_HEAD + c the address (in words) of the next state's row for
 *                           byte class c, 0 = no rule can match any more. Verdicts 0 are those for keys that no rule
 *                           matches. Rows and verdicts do not cross a block.
 *   ALIAS                   the same over paths, for what gives files other names: word 0 is the index of the strongest
 *                           verdicts that a path can get, whatever else its rules ask for, word 1 likewise. Half the
 *                           verdicts stand behind the others: those that a path is sure to get.
 *   CAPABILITY              struct verdict by_capability[64] at TABLE_OFFSET
 *   SYSTEM_CALL             struct verdict by_number[2][SYSCALLS] at TABLE_OFFSET: 64-bit numbers, then 32-bit ones
 *   ALWAYS, PROGRAM         struct verdict at TABLE_OFFSET
 *   SIGNAL                  struct verdict by_signal[2][SIGNALS] at TABLE_OFFSET: for each enum signal_target
 *   PROCESS_FILE            struct verdict by_access[PROCESS_ACCESSES] at TABLE_OFFSET
 */
#pragma once
#include "kernel.h"

#define RULESET_VERSION 2
#define BLOCK_SIZE 65536
#define BLOCK_WORDS (BLOCK_SIZE / 4)
#define TABLE_OFFSET 64
#define SYSCALLS 1024
#define CAPABILITIES 64
#define SIGNALS 65 /* 1 to 64; 0 is none */
#define OPERATIONS 16

/* Weakest first: where several rules match, the compiler has put the strongest. io.bpfguard.policy.compiled.Action */
enum action { ACTION_ALLOW, ACTION_AUDIT, ACTION_DENY, ACTION_KILL };

/* Slots of the program arrays. io.bpfguard.policy.compiled.Matcher */
enum matcher {
	MATCH_PATH,
	MATCH_MOUNT,
	MATCH_CAPABILITY,
	MATCH_SYSTEM_CALL,
	MATCH_ALWAYS,
	MATCH_ADDRESS,
	MATCH_ARGUMENTS,
	MATCH_ALIAS,
	MATCH_SIGNAL,
	MATCH_PROCESS_FILE,
	MATCH_PROGRAM, /* a program of programs.d; its slot is not this number, but one from FIRST_PROGRAM_SLOT on */
};

#define FIRST_PROGRAM_SLOT 16

/* io.bpfguard.policy.compiled.PathOperation; mounts and arguments have one operation, number 0. */
enum path_operation {
	OPERATION_EXEC,
	OPERATION_READ,
	OPERATION_WRITE,
	OPERATION_APPEND,
	OPERATION_CREATE,
	OPERATION_UNLINK,
	OPERATION_RENAME,
	OPERATION_LINK,
	OPERATION_SYMLINK,
	OPERATION_CHMOD,
	OPERATION_CHOWN,
	OPERATION_TRUNCATE,
	OPERATION_SETXATTR,
	OPERATION_MOUNT,
	OPERATION_MAP,
};

/* io.bpfguard.policy.compiled.SocketOperation */
enum socket_operation {
	OPERATION_SOCKET,
	OPERATION_CONNECT,
	OPERATION_SEND,
	OPERATION_BIND,
	OPERATION_LISTEN,
	OPERATION_ACCEPT,
	OPERATION_SEND_CONNECTED, /* to the peer of a connected socket */
	OPERATION_REACH,          /* the connect of a Unix datagram socket or a send by it: the kernel asks alike */
};

/* Bits of key_ruleset.fields, and the order of the fields in a key. io.bpfguard.policy.compiled.Matcher, KeyField */
enum path_field {
	FIELD_FILE_KIND,   /* 1 byte: bits of enum file_kind */
	FIELD_DEVICE,      /* 1 + 3 + 4 bytes: 'b' or 'c', major and minor number of a device node; zeros for other files */
	FIELD_FILE_SYSTEM, /* type of the file system that holds the file */
	FIELD_SOURCE,      /* path of the program that the task runs */
	FIELD_PROGRAM_ARGUMENTS, /* byte 1, then each behind the name with a byte 1 behind it; a byte 1 in one is shown as 2 */
	FIELD_PATH,
};

enum mount_field {
	FIELD_MOUNT_FLAGS,  /* 8 bytes: MS_ bits, and the two below */
	FIELD_MOUNT_SOURCE, /* of a file system; empty for other uses */
	FIELD_FILE_SYSTEM_TYPE,
};

#define NO_MOUNT_SOURCE (1ULL << 62) /* it has no source, or one that is not known yet */
#define NO_MOUNT_FLAGS (1ULL << 63)  /* it has no flags */

/* The keys of MATCH_ADDRESS always have all of them: struct socket_key. */
enum address_field {
	FIELD_SOCKET_FAMILY,
	FIELD_SOCKET_TYPE,
	FIELD_SOCKET_PROTOCOL,
	FIELD_PORT,
	FIELD_ADDRESS,
	FIELD_SOCKET_NAME, /* path of a Unix socket, or byte 1 and an abstract name (which may hold NULs), or nothing */
	ADDRESS_FIELDS,
};

enum address_kind { ADDRESS_NONE, ADDRESS_IPV4 = 4, ADDRESS_IPV6 = 6 };

/* The fields of an address but for the name, which follows: the beginning of a key, and of an event's object. */
struct socket_key {
	__be16 family;       /* AF_ */
	__be16 type;         /* SOCK_ without flags */
	__be16 protocol;     /* IPPROTO_, or what the family calls so */
	__be16 port;
	__u8 address_kind;   /* enum address_kind; an IPv4-mapped IPv6 address is IPv4 */
	__u8 address[16];    /* IPv6, or ::ffff:a.b.c.d; zeros where there is none */
} __attribute__((packed));

/* Bits of FIELD_FILE_KIND. io.bpfguard.policy.compiled.FileKind */
enum file_kind {
	FILE_OWN,
	FILE_FOREIGN_MOUNT,
	FILE_NOT_IN_IMAGE,
	FILE_MEMORY,
	FILE_DELETED,
};

/* Whose process gets a signal; never the sender itself. io.bpfguard.policy.compiled.SignalTarget */
enum signal_target {
	SIGNAL_CONTAINER, /* of the sender's container */
	SIGNAL_OUTSIDE,
	SIGNAL_TARGETS,
};

/* What opening a file of procfs gives access to. io.bpfguard.policy.compiled.ProcessAccess */
enum process_access {
	PROCESS_ATTACH,     /* another process's memory */
	PROCESS_READ,       /* what another process's memory looks like */
	PROCESS_OWN_MEMORY, /* writing to the own memory, without heed to its protection */
	PROCESS_ACCESSES,
};

struct ruleset_header {
	__u32 matcher; /* enum matcher */
	__u32 version; /* RULESET_VERSION */
};

struct verdict {
	__u32 rule;   /* number of the rule that decided, 0 = none */
	__u8 action;  /* enum action */
	__u8 error;   /* errno, positive */
	__u16 unused;
};

#define ARGUMENTS 8    /* most values in a key of MATCH_ARGUMENTS */
#define DEREFERENCES 3 /* most pointers that are followed to one */

/* Where a value comes from. */
enum argument_source {
	SOURCE_ARGUMENT,    /* of the hook or function */
	SOURCE_SYSTEM_CALL, /* the number of the system call in progress; bit 32 is set for a 32-bit one */
	SOURCE_REGISTER,    /* an argument of the system call in progress, as it stands in the register */
};

/* What it is, and how it looks in the key. */
enum argument_kind {
	ARGUMENT_UNSIGNED, /* 8 bytes, big-endian */
	ARGUMENT_SIGNED,   /* likewise, sign-extended */
	ARGUMENT_STRING,   /* at the address: bytes and a NUL */
	ARGUMENT_PATH,     /* at the address is a struct path: the path and a NUL */
	ARGUMENT_DENTRY,   /* the address is a dentry's, in the mount of another argument, a struct path *: likewise */
};

/*
 * How to get a value: begin with the source; "dereferences" times: add an offset and read a pointer there; add the last
 * offset. Integers of size 0 are what this comes to, others are read there, size bytes. Behind a NULL pointer integers
 * are 0, and strings and paths are empty. io.bpfguard.policy.compiled.Extractor
 */
struct argument {
	__u8 source; /* enum argument_source */
	__u8 index;  /* of the argument, from 0 */
	__u8 kind;   /* enum argument_kind */
	__u8 dereferences;
	__u8 size;   /* of the integer that is read: 0, 1, 2, 4 or 8 */
	__u8 shift;  /* the lowest bit of it that counts */
	__u8 bits;   /* how many count */
	__u8 mount;  /* ARGUMENT_DENTRY: index of the argument that has the mount */
	__u32 offsets[DEREFERENCES + 1];
};

#define ROW_HEAD 2
#define NO_STATE 0xfffffffd

struct key_ruleset {
	struct ruleset_header header;
	__u32 start;    /* word address of the first state's row */
	__u32 verdicts; /* byte address of struct verdicts [], a multiple of its size */
	__u32 verdict_count;
	__u32 classes;  /* how many, at most 256 */
	__u32 fields;   /* bits: which fields the keys have */
	__u32 operations; /* bits: for which of them some verdict does more than allow */
	__u32 plain_directory; /* ALIAS: state inside directories whose names no glob mentions, at whatever depth */
	__u32 plain_name;      /* ALIAS: state behind the names of such files; both NO_STATE where there is none */
	__u32 texts;    /* ARGUMENTS: whether one of them is a string or a path */
	__u32 unused[5];
	__u8 class_of[256]; /* byte -> class, 0..classes - 1; at TABLE_OFFSET */
	struct argument arguments[ARGUMENTS]; /* ARGUMENTS: what the fields are */
};

/* By operation. Power of two in size. */
struct verdicts {
	struct verdict of[OPERATIONS];
};
