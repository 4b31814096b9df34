/*
 * first-exec PROGRAM [ARG...]   Its very first system call executes PROGRAM.
 * Exit status: PROGRAM's when it got through, else the errno of execve; 250 wrong usage.
 */
#include "bare.h"

ENTRY(probe);

static void probe(long *stack)
{
	char **argv = ARGV(stack);

	if (ARGC(stack) < 2)
		leave(250);
	leave(-bare3(__NR_execve, (long)argv[1], (long)(argv + 1), (long)(argv + ARGC(stack) + 1)));
}
