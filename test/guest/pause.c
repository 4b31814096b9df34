/* The sandbox container's only process: sleeps, reaps orphans, ends when told to. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int sig)
{
	(void)sig;
	_exit(0);
}

static void reap(int sig)
{
	(void)sig;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

int main(void)
{
	/* As PID 1 of a namespace it gets only signals it handles. */
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = end }, NULL);
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = end }, NULL);
	sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = reap, .sa_flags = SA_NOCLDSTOP }, NULL);
	for (;;)
		pause();
}
