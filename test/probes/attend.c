/*
 * attend ASK ANSWER OUT   A container's main process, which runs commands for the host one after the other: much faster than a
 * session each. Reads a command from the FIFO ASK (its arguments, each with a NUL behind), runs it with its output appended to
 * the file OUT, and writes its exit status, as a shell has it, to the FIFO ANSWER (a decimal number and an end of line). 127: there is no such program;
 * 126 or the errno: it could not be executed.
 */
#include "probe.h"
#include <signal.h>
#include <sys/wait.h>

static int opened(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		failed(SETUP, path);
	return fd;
}

static int run(char **argv, int out)
{
	int status;
	pid_t child = fork(), ended;

	if (child < 0)
		return SETUP;
	if (!child) {
		dup2(out, 1);
		dup2(out, 2);
		execv(argv[0], argv);
		_exit(errno == ENOENT ? 127 : errno);
	}
	/* As the first process of its namespace it gets the orphans of others too. */
	while ((ended = waitpid(-1, &status, 0)) != child)
		if (ended < 0)
			return SETUP;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	static char command[4097];
	int ask, answer, out;

	if (argc != 4)
		return USAGE;
	/* For both, so that there is always somebody at the other end. */
	ask = opened(argv[1], O_RDWR);
	answer = opened(argv[2], O_RDWR);
	out = opened(argv[3], O_WRONLY | O_APPEND);
	for (;;) {
		long length = read(ask, command, sizeof(command) - 1);
		char *arguments[64], *end = command + length, *next = command;
		int count = 0;

		if (length <= 0)
			failed(SETUP, "ask");
		while (next < end && count < 63) {
			arguments[count++] = next;
			next += strlen(next) + 1;
		}
		arguments[count] = NULL;
		dprintf(answer, "%d\n", run(arguments, out));
	}
}
