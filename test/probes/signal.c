/*
 * signal HOW[/32] HOLD   Sends SIGKILL to a child named "victim": kill, group (its process group), tkill, tgkill, queue
 * (rt_sigqueueinfo), tgqueue (rt_tgsigqueueinfo), pidfd, async (as the owner of a descriptor, F_SETOWN and F_SETSIG).
 * Then stays while the host looks (probe.h). Exit status: see probe.h; async reports nothing: EPERM here means that the child lives.
 */
#include "probe.h"
#include "call.h"
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

static pid_t victim;

static void make_victim(void)
{
	victim = fork();
	if (victim < 0)
		failed(SETUP, "fork");
	if (!victim) {
		setpgid(0, 0);
		prctl(PR_SET_NAME, "victim");
		for (;;)
			pause();
	}
	setpgid(victim, victim);
	usleep(50000); /* to take its name */
}

/* A child that was not killed goes by another signal. */
static int looked_at(int error, char **argv)
{
	hold(argv[0]);
	kill(victim, SIGTERM);
	return error;
}

static int by_kill(char **argv)
{
	make_victim();
	return looked_at(status(CALL(kill, (long)victim, (long)SIGKILL)), argv);
}

static int group(char **argv)
{
	make_victim();
	return looked_at(status(CALL(kill, -(long)victim, (long)SIGKILL)), argv);
}

static int by_tkill(char **argv)
{
	make_victim();
	return looked_at(status(CALL(tkill, (long)victim, (long)SIGKILL)), argv);
}

static int by_tgkill(char **argv)
{
	make_victim();
	return looked_at(status(CALL(tgkill, (long)victim, (long)victim, (long)SIGKILL)), argv);
}

/* The same start in both entries' layouts. */
static siginfo_t info = { .si_signo = SIGKILL, .si_code = SI_QUEUE };

static int queue(char **argv)
{
	make_victim();
	return looked_at(status(CALL(rt_sigqueueinfo, (long)victim, (long)SIGKILL, &info)), argv);
}

static int tgqueue(char **argv)
{
	make_victim();
	return looked_at(status(CALL(rt_tgsigqueueinfo, (long)victim, (long)victim, (long)SIGKILL, &info)), argv);
}

static int by_pidfd(char **argv)
{
	make_victim();
	return looked_at(status(CALL(pidfd_send_signal, syscall(SYS_pidfd_open, victim, 0), (long)SIGKILL, NULL, 0L)), argv);
}

static int async(char **argv)
{
	int ends[2];

	make_victim();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		failed(SETUP, "socketpair");
	if (CALL(fcntl, (long)ends[0], (long)F_SETOWN, (long)victim) || CALL(fcntl, (long)ends[0], (long)F_SETSIG, (long)SIGKILL) ||
	    CALL(fcntl, (long)ends[0], (long)F_SETFL, (long)O_ASYNC))
		return looked_at(errno, argv);
	if (write(ends[1], "x", 1) != 1)
		failed(SETUP, "write");
	usleep(50000);
	return looked_at(waitpid(victim, NULL, WNOHANG) == victim ? 0 : EPERM, argv);
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "kill", by_kill, 1 }, { "group", group, 1 }, { "tkill", by_tkill, 1 }, { "tgkill", by_tgkill, 1 },
		{ "queue", queue, 1 }, { "tgqueue", tgqueue, 1 }, { "pidfd", by_pidfd, 1 }, { "async", async, 1 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
