/*
 * hammer COUNTS DENIED ONLY_A ONLY_B TASKS   TASKS tasks (half processes, half threads) open three files in a loop until
 * SIGTERM, and count in the shared file COUNTS, 8 64-bit numbers per task: rounds, then opened and refused with EPERM for each
 * of the three, then other failures. Exit status: 0 ended by SIGTERM and DENIED was never opened, 1 it was opened,
 * 250.. the probe failed.
 */
#include "probe.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

struct counts {
	_Atomic unsigned long rounds;
	struct { _Atomic unsigned long opened, refused; } file[3];
	_Atomic unsigned long other;
};

static const char *files[3];
static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

static void *loop(void *argument)
{
	struct counts *counts = argument;

	while (!ended) {
		for (int i = 0; i < 3; i++) {
			int fd = open(files[i], O_RDONLY);

			if (fd >= 0) {
				counts->file[i].opened++;
				close(fd);
			} else if (errno == EPERM)
				counts->file[i].refused++;
			else
				counts->other++;
		}
		counts->rounds++;
	}
	return NULL;
}

/* A process with two looping threads; returns in the parent only. */
static pid_t pair(struct counts *counts)
{
	pthread_t second;
	pid_t pid = fork();

	if (pid < 0)
		failed(SETUP, "fork");
	if (pid)
		return pid;
	if (pthread_create(&second, NULL, loop, counts + 1))
		failed(SETUP, "thread");
	loop(counts);
	pthread_join(second, NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end };
	int tasks = argc == 6 ? atoi(argv[5]) & ~1 : 0;
	struct counts *counts;
	pid_t children[64];
	unsigned long got_through = 0;

	/* The CPUs are few, and the guard that is to switch under load is emulated too. */
	nice(19);

	if (tasks < 2 || tasks > 128)
		return USAGE;
	for (int i = 0; i < 3; i++)
		files[i] = argv[2 + i];
	counts = shared_counts(argv[1], tasks * sizeof(*counts));
	sigaction(SIGTERM, &action, NULL);
	for (int i = 0; i < tasks / 2; i++)
		children[i] = pair(counts + 2 * i);
	while (!ended)
		pause();
	for (int i = 0; i < tasks / 2; i++)
		kill(children[i], SIGTERM);
	for (int i = 0; i < tasks / 2; i++)
		waitpid(children[i], NULL, 0);
	for (int i = 0; i < tasks; i++)
		got_through += counts[i].file[0].opened;
	printf("got through %lu\n", got_through);
	return got_through != 0;
}
