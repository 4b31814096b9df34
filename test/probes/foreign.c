/*
 * foreign PATH   Opens PATH in the mount namespace of a child, by /proc/PID/root, and reads a byte.
 * Exit status: see probe.h.
 */
#include "probe.h"
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	char path[4096], byte;
	int ready[2], fd, error = 0;
	pid_t child;

	if (argc != 2 || pipe(ready))
		return USAGE;
	child = fork();
	if (!child) {
		byte = unshare(CLONE_NEWNS) ? 1 : 0;
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(0);
	}
	if (child < 0 || read(ready[0], &byte, 1) != 1 || byte)
		failed(SETUP, "a child in another mount namespace");
	snprintf(path, sizeof(path), "/proc/%d/root%s", child, argv[1]);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, &byte, 1) != 1)
		error = errno;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return error;
}
