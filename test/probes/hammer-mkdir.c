/*
 * hammer-mkdir DIRECTORY TASKS SECONDS   TASKS processes, all on one CPU, try to make directories below DIRECTORY in a loop,
 * remove those that they made, and count. Prints "tried N, made M". Exit status: 0 none was made, 1 some were, 250.. the probe
 * failed.
 *
 * A kernel that preempts itself takes the CPU from a task in the middle of a program that decides; the next task's call
 * then comes while that program is "running" on this CPU.
 */
#include "probe.h"
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

struct counts {
	_Atomic unsigned long tried, made, other;
};

static void loop(const char *directory, int task, time_t end, struct counts *counts)
{
	unsigned long tried = 0;
	char path[4096];

	snprintf(path, sizeof(path), "%s/made-%d", directory, task);
	while (tried % 64 || time(NULL) < end) {
		tried++;
		if (!mkdir(path, 0700)) {
			counts->made++;
			rmdir(path);
		} else if (errno != EPERM) {
			counts->other++;
		}
	}
	counts->tried += tried;
	_exit(0);
}

int main(int argc, char **argv)
{
	int tasks = argc == 4 ? atoi(argv[2]) : 0;
	time_t end = time(NULL) + (argc == 4 ? atoi(argv[3]) : 0);
	struct counts *counts;
	cpu_set_t one;

	if (tasks < 1 || tasks > 256)
		return USAGE;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED || sched_setaffinity(0, sizeof(one), &one))
		failed(SETUP, "setting up");
	for (int i = 0; i < tasks; i++) {
		pid_t pid = fork();

		if (pid < 0)
			failed(SETUP, "fork");
		if (!pid)
			loop(argv[1], i, end, counts);
	}
	while (wait(NULL) > 0)
		;
	printf("tried %lu, made %lu, other failures %lu\n", counts->tried, counts->made, counts->other);
	return counts->made != 0;
}
