/*
 * storm COUNTS DIR TASKS   Changes names and mounts of its own all the time, until it is killed, from 3 * TASKS processes: renames
 * of a file in DIR, moves of a mount, and closes of files in a mount that is detached (each takes the lock of all mounts).
 * Counts in the shared file COUNTS: three 64-bit numbers, of these. Exit status: 250.. the probe failed.
 */
#include "probe.h"
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/wait.h>

static _Atomic unsigned long *counts;

static void must(int result, const char *what)
{
	if (result < 0)
		failed(SETUP, what);
}

static void renames(const char *directory, int task)
{
	char one[256], other[256];
	int fd;

	snprintf(one, sizeof(one), "%s/storm-%d", directory, task);
	snprintf(other, sizeof(other), "%s/storm-%d-renamed", directory, task);
	fd = open(one, O_CREAT | O_WRONLY, 0600);
	must(fd, one);
	for (;;) {
		must(rename(one, other), "rename");
		must(rename(other, one), "rename");
		counts[0] += 2;
	}
}

static void mounts_of_its_own(void)
{
	must(unshare(CLONE_NEWNS), "unshare");
	must(mount("", "/", "", MS_REC | MS_PRIVATE, ""), "make private");
	must(mount("storm", "/tmp", "tmpfs", 0, ""), "mount");
}

static void moves(const char *directory, int task)
{
	(void)directory, (void)task;
	mounts_of_its_own();
	must(mkdir("/tmp/one", 0700), "mkdir");
	must(mkdir("/tmp/other", 0700), "mkdir");
	must(mount("storm", "/tmp/one", "tmpfs", 0, ""), "mount");
	for (;;) {
		must(mount("/tmp/one", "/tmp/other", "", MS_MOVE, ""), "move");
		must(mount("/tmp/other", "/tmp/one", "", MS_MOVE, ""), "move");
		counts[1] += 2;
	}
}

static void closes(const char *directory, int task)
{
	int top;

	(void)directory, (void)task;
	mounts_of_its_own();
	top = open("/tmp", O_PATH);
	must(top, "/tmp");
	must(umount2("/tmp", MNT_DETACH), "umount");
	for (;;) {
		int fd = openat(top, ".", O_RDONLY);

		must(fd, "open");
		close(fd);
		counts[2]++;
	}
}

int main(int argc, char **argv)
{
	static void (*const kinds[])(const char *, int) = { renames, moves, closes };
	int tasks = argc == 4 ? atoi(argv[3]) : 0;

	if (tasks < 1 || tasks > 8)
		return USAGE;
	nice(10);
	counts = shared_counts(argv[1], 3 * sizeof(*counts));
	for (int task = 0; task < 3 * tasks; task++) {
		pid_t pid = fork();

		must(pid, "fork");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			kinds[task % 3](argv[2], task);
		}
	}
	/* One that ends has failed. */
	wait(NULL);
	return SETUP;
}
