/*
 * first-open FILE   Its very first system call opens FILE for reading and writing; then it appends one byte.
 * Exit status: 0 it got through, else the errno of the open; 250 wrong usage, 251 open but not written.
 */
#include "bare.h"

ENTRY(probe);

static void probe(long *stack)
{
	if (ARGC(stack) != 2)
		leave(250);

	long fd = bare4(__NR_openat, AT_FDCWD, (long)ARGV(stack)[1], O_RDWR | O_APPEND, 0);

	if (fd < 0)
		leave(-fd);
	leave(bare3(__NR_write, fd, (long)"x", 1) == 1 ? 0 : 251);
}
