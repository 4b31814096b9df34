/*
 * setns [HOLD]   Joins another UTS namespace, which a child makes; then stays while the host looks (probe.h).
 * Exit status: see probe.h.
 */
#include "probe.h"
#include <sched.h>
#include <signal.h>

int main(int argc, char **argv)
{
	int ready[2], fd, error;
	char path[64];
	pid_t child;

	if (pipe(ready) || (child = fork()) < 0)
		failed(SETUP, "fork");
	if (!child) {
		char byte = unshare(CLONE_NEWUTS) ? 'n' : 'y';

		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(0);
	}
	if (read(ready[0], path, 1) != 1 || path[0] != 'y')
		failed(SETUP, "unshare");
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", child);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		failed(SETUP, path);
	error = setns(fd, 0) ? errno : 0;
	kill(child, SIGKILL);
	hold(argc > 1 ? argv[1] : NULL);
	return error;
}
