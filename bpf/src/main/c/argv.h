/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The arguments of a program that is about to be executed. At that time the kernel has copied them to the stack of the
 * memory to come (bprm->mm, from bprm->p on, argc strings), where user space can no longer change them; but that memory is no
 * task's yet, so no helper reads it. It is read as the kernel itself would: through the page tables (x86-64, four or
 * five levels), in the kernel's mapping of all physical memory.
 */
#pragma once
#include "key.h"

#define PAGE_SIZE 4096
#define ARGUMENT_PAGES 33 /* so that 128 KiB always fit */

/* arch/x86/include/asm/pgtable_types.h */
#define PAGE_PRESENT 1
#define PAGE_HUGE 0x80
#define PAGE_FRAME 0x000ffffffffff000ULL
#define ENTRIES 512

/* arch/x86: where physical memory is mapped, the shift of the topmost level, the bits of an address (not those of encryption). */
const volatile __u64 address_of_page_offset_base = 0;
const volatile __u64 address_of_pgdir_shift = 0;
const volatile __u64 address_of_physical_mask = 0;

struct page_walk {
	__u64 table;
	__u64 entry_address; /* of the last entry that was read */
	__u64 entry;
	__u64 page; /* where the kernel sees the page; 0: it is not there */
	__u32 shift;
};

static __always_inline bool read_kernel(void *to, __u32 size, const void *from)
{
	return !bpf_probe_read_kernel(to, size, from);
}

/* Finds the page that holds the address. */
static __always_inline void find_page(struct page_walk *walk, const struct argument_walk *arguments)
{
	struct mm_struct *memory = (void *)arguments->memory;
	__u64 address = arguments->address;

	walk->page = 0;
	walk->table = (__u64)BPF_CORE_READ(memory, pgd);
	walk->shift = arguments->top;
#pragma clang loop unroll(disable)
	for (int level = 0; level < 5; level++) {
		walk->entry_address = walk->table + (address >> (walk->shift & 63) & (ENTRIES - 1)) * sizeof(__u64);
		if (!read_kernel(&walk->entry, sizeof(walk->entry), (void *)walk->entry_address) || !(walk->entry & PAGE_PRESENT))
			return;
		walk->table = arguments->direct + (walk->entry & arguments->mask);
		if (walk->shift == 12) {
			walk->page = walk->table;
			return;
		}
		if (walk->entry & PAGE_HUGE && walk->shift <= 30) {
			__u64 inside = (1ULL << (walk->shift & 63)) - 1;

			walk->page = arguments->direct + (walk->entry & arguments->mask & ~inside) +
				     (address & inside & ~(__u64)(PAGE_SIZE - 1));
			return;
		}
		walk->shift -= 9;
	}
}

/* A page of strings while it is made into what the key has. */
struct argument_page {
	char *text;
	__u32 position;
	__u32 begin; /* of what the key has */
	__u32 left;
	bool in_name;
};

static long render_chunk(__u64 index, struct argument_page *page)
{
	char *text = page->text;
	__u32 position = page->position;
	__u32 left = page->left;

#pragma clang loop unroll(disable)
	for (int i = 0; i < CHUNK; i++) {
		__u8 byte;

		if (position >= PAGE_SIZE || !left)
			break;
		byte = text[bounded(position, TEXT_SIZE - 1)];
		if (byte < 2)
			text[bounded(position, TEXT_SIZE - 1)] = byte + 1; /* NUL -> 1, 1 -> 2 */
		if (!byte) {
			left--;
			if (page->in_name) {
				page->in_name = false;
				page->begin = position;
			}
		}
		position++;
	}
	page->position = position;
	page->left = left;
	if (position >= PAGE_SIZE || !left)
		return 1;
	return 0;
}

/* Follows the strings of one page. Returns whether there is an end. */
__noinline int follow_page(struct text_buffer *buffer)
{
	struct argument_walk *arguments;
	struct argument_page page = {};
	struct page_walk walk = {};
	__u64 again = 0;

	if (!buffer)
		return 1;
	arguments = &buffer->arguments;
	find_page(&walk, arguments);
	if (!walk.page || !read_kernel(buffer->text, PAGE_SIZE, (void *)walk.page) ||
	    /* Still the same page: it was not taken away, for swap, while it was read. */
	    !read_kernel(&again, sizeof(again), (void *)walk.entry_address) ||
	    (again ^ walk.entry) & (arguments->mask | PAGE_PRESENT)) {
		arguments->failed = true;
		return 1;
	}
	page.text = buffer->text;
	page.position = arguments->address & (PAGE_SIZE - 1);
	page.left = arguments->left;
	page.in_name = arguments->in_name;
	page.begin = page.in_name ? PAGE_SIZE : page.position;
	bpf_loop(PAGE_SIZE / CHUNK + 1, render_chunk, &page, 0);
	arguments->left = page.left;
	arguments->in_name = page.in_name;
	arguments->address = (arguments->address & ~(__u64)(PAGE_SIZE - 1)) + PAGE_SIZE;
	if (page.begin < page.position)
		arguments->state = follow(buffer, buffer->judgement.ruleset, arguments->state, page.begin, page.position);
	if (!arguments->left || !arguments->state || arguments->state == STATE_BROKEN)
		return 1;
	return 0;
}

static long follow_next_page(__u64 index, struct text_buffer **buffer)
{
	if (follow_page(*buffer))
		return 1;
	return 0;
}

static __always_inline bool find_memory(struct argument_walk *arguments, struct linux_binprm *program)
{
	arguments->mask = PAGE_FRAME;
	if (!address_of_page_offset_base || !address_of_pgdir_shift)
		return false;
	if (address_of_physical_mask && !read_kernel(&arguments->mask, sizeof(arguments->mask), (void *)address_of_physical_mask))
		return false;
	arguments->mask &= PAGE_FRAME;
	arguments->memory = (__u64)BPF_CORE_READ(program, mm);
	arguments->address = BPF_CORE_READ(program, p);
	arguments->left = BPF_CORE_READ(program, argc);
	return read_kernel(&arguments->direct, sizeof(arguments->direct), (void *)address_of_page_offset_base) &&
	       read_kernel(&arguments->top, sizeof(arguments->top), (void *)address_of_pgdir_shift);
}

static __always_inline void begin_arguments(struct text_buffer *buffer)
{
	__builtin_memset(&buffer->arguments, 0, sizeof(buffer->arguments));
	buffer->arguments.in_name = true;
	buffer->arguments.state = buffer->judgement.start;
}

/* Goes on behind the arguments of the program that is about to be executed. */
__noinline int read_arguments(struct text_buffer *buffer)
{
	struct argument_walk *arguments;
	struct judgement *judgement;

	if (!buffer)
		return 0;
	judgement = &buffer->judgement;
	arguments = &buffer->arguments;
	if (!find_memory(arguments, (void *)judgement->program))
		arguments->failed = true;
	else if (arguments->left)
		bpf_loop(ARGUMENT_PAGES, follow_next_page, &buffer, 0);
	if (arguments->failed)
		judgement->failure = REASON_READ_FAILED;
	else if (arguments->state && arguments->left)
		judgement->failure = REASON_PATH_TOO_LONG;
	return 0;
}

/* Goes on behind the end of the arguments that were read, or of none. */
__noinline int end_arguments(struct text_buffer *buffer)
{
	struct argument_walk *arguments;

	if (!buffer)
		return 0;
	arguments = &buffer->arguments;
	buffer->text[0] = 1;
	buffer->text[1] = 0;
	buffer->judgement.start = follow(buffer, buffer->judgement.ruleset, arguments->state, arguments->in_name ? 0 : 1, 2);
	return 0;
}
