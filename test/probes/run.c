/*
 * run HOW PROGRAM [ARG...]   Executes PROGRAM: execve, execveat (relative to its directory), fd (execveat of an open
 * descriptor), procfd (/proc/self/fd/N), memfd (a copy of it in memory). Exit status: PROGRAM's, or the errno.
 */
#include "probe.h"
#include <libgen.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

extern char **environ;

static int copy_in_memory(const char *program)
{
	int from = open(program, O_RDONLY), to = memfd_create("copy", MFD_CLOEXEC);
	struct stat stat;

	if (from < 0 || to < 0 || fstat(from, &stat) || sendfile(to, from, NULL, stat.st_size) != stat.st_size)
		failed(SETUP, "copy");
	return to;
}

static int open_program(const char *program, int flags)
{
	int fd = open(program, flags);

	if (fd < 0)
		failed(errno, program); /* denying this is as good */
	return fd;
}

int main(int argc, char **argv)
{
	const char *how = argc >= 3 ? argv[1] : "", *program = argv[2];
	char **args = argv + 2, path[64];

	if (!strcmp(how, "execve"))
		execve(program, args, environ);
	else if (!strcmp(how, "execveat"))
		syscall(SYS_execveat, open_program(dirname(strdup(program)), O_PATH), basename(strdup(program)), args, environ, 0);
	else if (!strcmp(how, "fd"))
		syscall(SYS_execveat, open_program(program, O_PATH), "", args, environ, AT_EMPTY_PATH);
	else if (!strcmp(how, "memfd"))
		syscall(SYS_execveat, copy_in_memory(program), "", args, environ, AT_EMPTY_PATH);
	else if (!strcmp(how, "procfd")) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", open_program(program, O_PATH));
		execve(path, args, environ);
	} else
		return USAGE;
	return errno;
}
