/*
 * mark FILE [...]   Appends one byte to FILE: what a denied program would have done, for the host to see. Built twice:
 * as "mark", static, at an address of its own, and as "mark-dynamic", which takes /probes/ld.so to run.
 * Exit status: 0 done, else the errno; 250 wrong usage.
 */
#include "bare.h"

ENTRY(probe);

static void probe(long *stack)
{
	if (ARGC(stack) < 2)
		leave(250);

	long fd = bare4(__NR_openat, AT_FDCWD, (long)ARGV(stack)[1], O_RDWR | O_APPEND, 0);

	if (fd < 0)
		leave(-fd);
	leave(bare3(__NR_write, fd, (long)"x", 1) == 1 ? 0 : 251);
}
