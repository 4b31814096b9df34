/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Judges the arguments of a hook, of a function, or of the system call in progress, and members of what they point to:
 * the ruleset says which, and how to get there (struct argument in ruleset.h).
 *
 * Only kernel memory is read. What a pointer into user memory leads to can change between this look and the kernel's own
 * (and may not be in memory at all), so its reading fails, which denies where the ruleset can deny. The registers of a
 * system call are the copy on the task's kernel stack that the call itself got its arguments from: user space does not
 * reach it, and a tracer changes it only while the task stands at the entry or exit of a call.
 */
#pragma once
#include "key.h"
#include "path.h"
#include <linux/ptrace.h>

struct arguments {
	struct scan scan;
	void *ctx;
	struct text_buffer *texts; /* memory for strings and paths; NULL if the ruleset asks for none */
	struct object *object;
	__u64 values[ARGUMENTS];   /* of the integers, for the event */
	enum reason failure;       /* REASON_RULE: none */
};

/* x32 calls are 64-bit ones with this bit, and own numbers from 512 on (arch/x86/include/uapi/asm/unistd.h). */
#define X32_SYSCALL_BIT 0x40000000

/* The number of the system call that the task is in; compat says by which table. */
static __always_inline __u32 system_call(bool *compat)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs___kernel *regs = (void *)bpf_task_pt_regs(task);

	*compat = task->thread_info.status & TS_COMPAT;
	return BPF_CORE_READ(regs, orig_ax) & ~X32_SYSCALL_BIT;
}

/*
 * Where the arguments of a system call are in the kernel's copy of the registers, 64-bit and 32-bit (entry_64.S,
 * entry_64_compat.S). The order of struct pt_regs is also that of ptrace(2), so it is the same in all kernels.
 */
#define REGISTER(name) __builtin_offsetof(struct pt_regs, name)
const volatile __u8 registers[16] = {
	REGISTER(rdi), REGISTER(rsi), REGISTER(rdx), REGISTER(r10), REGISTER(r8), REGISTER(r9), 0, 0,
	REGISTER(rbx), REGISTER(rcx), REGISTER(rdx), REGISTER(rsi), REGISTER(rdi), REGISTER(rbp),
};

/* An argument of the system call that the task is in. */
static __always_inline bool read_register(__u32 index, __u64 *value)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool compat = task->thread_info.status & TS_COMPAT;
	const char *regs = (void *)bpf_task_pt_regs(task);

	index = bounded(index + 8 * compat, 15);
	if (bpf_probe_read_kernel(value, sizeof(*value), regs + registers[index]))
		return false;
	if (compat)
		*value = (__u32)*value;
	return true;
}

static __always_inline bool source_value(struct arguments *arguments, const struct argument *argument, __u64 *value)
{
	bool compat = false;

	switch (argument->source) {
	case SOURCE_ARGUMENT: /* counted in registers, as the trampoline stores them (helper since 5.17) */
		return !bpf_get_func_arg(arguments->ctx, argument->index, value);
	case SOURCE_SYSTEM_CALL:
		*value = system_call(&compat);
		arguments->object->kind = OBJECT_SYSTEM_CALL;
		arguments->object->number = *value;
		arguments->object->operation = compat;
		*value |= (__u64)compat << 32;
		return true;
	case SOURCE_REGISTER:
		return read_register(argument->index, value);
	default:
		return false;
	}
}

/* From the source to the address or the value that counts; 0 behind a NULL pointer. */
static __always_inline bool follow(const struct argument *argument, __u64 *value)
{
#pragma clang loop unroll(disable)
	for (int i = 0; i < DEREFERENCES; i++) {
		if (i >= argument->dereferences)
			break;
		if (!*value)
			return true;
		if (bpf_probe_read_kernel(value, sizeof(*value), (void *)(*value + argument->offsets[i])))
			return false;
	}
	if (*value)
		*value += argument->offsets[argument->dereferences & DEREFERENCES];
	return true;
}

/* The integer at the end of the way, in 64 bits. */
static __always_inline bool read_integer(const struct argument *argument, __u64 *value)
{
	__u32 above = 64 - argument->bits;
	__u32 size = argument->size;

	if (size && *value) {
		__u64 read = 0;

		if (size > sizeof(read) || bpf_probe_read_kernel(&read, size, (void *)*value))
			return false;
		*value = read;
	}
	*value <<= (above - argument->shift) & 63;
	if (argument->kind == ARGUMENT_SIGNED)
		*value = (__s64)*value >> (above & 63);
	else
		*value >>= above & 63;
	return true;
}

/* The mount that a dentry is looked at in; NULL where the other argument is NULL. */
static __always_inline bool read_mount(void *ctx, const struct argument *argument, struct vfsmount **mount)
{
	struct path *path = NULL;

	*mount = NULL;
	if (bpf_get_func_arg(ctx, argument->mount, (__u64 *)&path))
		return false;
	return !path || !BPF_CORE_READ_INTO(mount, path, mnt);
}

/*
 * The next two are functions of their own that the verifier looks at once, not on each way that leads to them.
 *
 * The offset of a path's first byte, 0 if there is none: see render_path.
 */
__noinline __u32 render_argument(__u64 mount, __u64 dentry, struct text_buffer *texts)
{
	return texts ? render_path((void *)mount, (void *)dentry, texts) : 0;
}

#define SCAN_FAILED ~0U

/* The state behind the text from begin to before end; SCAN_FAILED. */
__noinline __u32 scan_argument(__u32 ruleset, __u32 state, struct text_buffer *texts, __u32 begin, __u32 end)
{
	const struct key_ruleset *rules = ruleset_block(ruleset, 0);
	struct scan scan = { .rules = rules, .ruleset = ruleset };

	if (!rules || !texts || !scan_to(&scan, state))
		return SCAN_FAILED;
	scan_text(&scan, texts->text, begin, end);
	return scan.failed ? SCAN_FAILED : scan.state;
}

/* Writes a string or path with its NUL to the buffer, from begin to before end; nothing behind a NULL pointer. */
static __always_inline enum reason read_text(void *ctx, const struct argument *argument, __u64 address,
					     struct text_buffer *texts, __u32 *begin, __u32 *end)
{
	struct dentry *dentry = NULL;
	struct vfsmount *mount = NULL;
	long length;

	texts->text[0] = 0;
	*begin = 0;
	*end = 1;
	if (!address)
		return REASON_RULE;
	switch (argument->kind) {
	case ARGUMENT_STRING:
		length = bpf_probe_read_kernel_str(texts->text, TEXT_SIZE + 1, (void *)address);
		if (length <= 0)
			return REASON_READ_FAILED;
		if (length > TEXT_SIZE)
			return REASON_PATH_TOO_LONG;
		*end = length;
		return REASON_RULE;
	case ARGUMENT_PATH:
		if (BPF_CORE_READ_INTO(&mount, (struct path *)address, mnt) ||
		    BPF_CORE_READ_INTO(&dentry, (struct path *)address, dentry))
			return REASON_READ_FAILED;
		break;
	case ARGUMENT_DENTRY:
		dentry = (void *)address;
		if (!read_mount(ctx, argument, &mount))
			return REASON_READ_FAILED;
		break;
	default:
		return REASON_NO_RULESET;
	}
	if (!mount || !dentry)
		return REASON_RULE;
	*begin = render_argument((__u64)mount, (__u64)dentry, texts);
	*end = TEXT_SIZE;
	return *begin ? REASON_RULE : REASON_PATH_TOO_LONG;
}

/* A turn of bpf_loop: the scan goes on by the next value. */
static long next_argument(__u64 i, struct arguments *arguments)
{
	const struct key_ruleset *rules = arguments->scan.rules;
	const struct argument *argument = &rules->arguments[i & (ARGUMENTS - 1)];
	struct object *object = arguments->object;
	__u32 begin, end, state;
	__u64 value = 0;

	/* The state is 0 when no rule can match any more, whatever the other values are. */
	if (!(rules->fields >> i & 1) || !arguments->scan.state)
		return 1;
	arguments->failure = REASON_READ_FAILED;
	if (!source_value(arguments, argument, &value) || !follow(argument, &value))
		return 1;
	if (argument->kind <= ARGUMENT_SIGNED) {
		if (!read_integer(argument, &value))
			return 1;
		arguments->values[i & (ARGUMENTS - 1)] = value;
		object->value_count = i + 1;
		scan_integer(&arguments->scan, value);
	} else {
		struct text_buffer *texts = arguments->texts;

		if (!texts)
			return 1;
		arguments->failure = read_text(arguments->ctx, argument, value, texts, &begin, &end);
		if (arguments->failure != REASON_RULE)
			return 1;
		object->text = texts->text + bounded(begin, TEXT_SIZE - 1);
		object->length = end - begin - 1;
		/* The last field of a key has no NUL. */
		if (!(rules->fields >> i >> 1))
			end--;
		state = scan_argument(arguments->scan.ruleset, arguments->scan.state, texts, begin, end);
		if (!scan_to(&arguments->scan, state)) {
			arguments->failure = REASON_NO_RULESET;
			return 1;
		}
	}
	arguments->failure = REASON_RULE;
	return 0;
}

/* The verdicts of a step's ruleset, NULL when something went wrong: then "failure" says what. The scan has begun. */
static __always_inline const struct verdicts *scan_arguments(struct arguments *arguments)
{
	const struct verdicts *verdicts;

	arguments->object->values = arguments->values;
	bpf_loop(ARGUMENTS, next_argument, arguments, 0);
	if (arguments->failure != REASON_RULE)
		return NULL;
	verdicts = scan_end(&arguments->scan);
	if (!verdicts)
		arguments->failure = REASON_NO_RULESET;
	return verdicts;
}

/* The matcher of every LSM hook. */
static __always_inline int judge_arguments(void *ctx)
{
	struct object object = { .kind = OBJECT_ARGUMENTS };
	struct arguments arguments = { .ctx = ctx, .object = &object };
	struct label *label = current_label();
	const struct verdicts *verdicts;
	struct verdict verdict;
	struct step *step;

	if (!label)
		return 0;
	step = current_step(label);
	verdicts = NULL;
	if (!scan_begin(&arguments.scan, step)) {
		arguments.failure = REASON_NO_RULESET;
	} else {
		if (arguments.scan.rules->texts)
			arguments.texts = current_text_buffer();
		if (arguments.scan.rules->texts && !arguments.texts)
			arguments.failure = REASON_NO_MEMORY;
		else
			verdicts = scan_arguments(&arguments);
	}
	/* One place for errors: each copy of what follows one costs stack, of which all frames together have 512 bytes. */
	if (!verdicts)
		return conclude_error(ctx, label, step, arguments.failure, &object);
	verdict = verdicts->of[0];
	return conclude(ctx, label, &verdict, &object);
}
