/*
 * entry32 open FILE | mount FSTYPE TARGET | unshare mnt   The same calls through the 32-bit entry (int 0x80), where
 * they have other numbers. Exit status: see probe.h.
 */
#include "probe.h"
#include <sched.h>
#include <stdint.h>

#define NR32_OPEN 5
#define NR32_WRITE 4
#define NR32_MOUNT 21
#define NR32_UNSHARE 310

static char first[256], second[256];

static int call32(long nr, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e)
{
	int ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* Arguments are on the stack, above 4 GiB; copies of them are not. */
static uintptr_t low(char *room, const char *text)
{
	strncpy(room, text, sizeof(first) - 1);
	return (uintptr_t)room;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	int ret;

	if (!strcmp(what, "open")) {
		ret = call32(NR32_OPEN, low(first, argv[2]), O_WRONLY | O_APPEND, 0, 0, 0);
		if (ret >= 0)
			ret = call32(NR32_WRITE, ret, low(second, "x"), 1, 0, 0);
	} else if (!strcmp(what, "mount") && argc == 4) {
		mkdir(argv[3], 0755);
		ret = call32(NR32_MOUNT, low(first, argv[2]), low(second, argv[3]), low(first, argv[2]), 0, 0);
	} else if (!strcmp(what, "unshare")) {
		ret = call32(NR32_UNSHARE, CLONE_NEWNS, 0, 0, 0, 0);
	} else {
		return USAGE;
	}
	return ret < 0 ? -ret : 0;
}
