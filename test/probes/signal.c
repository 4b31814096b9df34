/*
 * signal HOW[/32] HOLD   Sends SIGKILL to a child named "victim": kill, group (its process group), tkill, tgkill, queue
 * (rt_sigqueueinfo), tgqueue (rt_tgsigqueueinfo), pidfd; async, async-ex, async-ioctl, async-group (as the owner of a descriptor, by F_SETOWN,
 * F_SETOWN_EX, FIOSETOWN and SIOCSPGRP, and F_SETSIG). With "outside-" before kill, tgkill, queue and pidfd, and the process's number in
 * a FILE instead of HOLD: to that process.
 * Then stays while the host looks (probe.h). Exit status: see probe.h; async reports nothing: EPERM here means that the child lives.
 */
#include "probe.h"
#include "call.h"
#include <linux/sockios.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static pid_t victim;
static const char *number_file; /* of a victim that is there already */

static void make_victim(void)
{
	if (number_file) {
		FILE *file = fopen(number_file, "r");

		if (!file || fscanf(file, "%d", &victim) != 1)
			failed(SETUP, number_file);
		return;
	}
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
	if (!number_file)
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

/* Makes the victim the owner of a descriptor. */
typedef long owning(long fd);

static long set_owner(long fd)
{
	return CALL(fcntl, fd, (long)F_SETOWN, (long)victim);
}

static long set_owner_ex(long fd)
{
	static struct f_owner_ex owner = { .type = F_OWNER_PID };

	owner.pid = victim;
	return CALL(fcntl, fd, (long)F_SETOWN_EX, &owner);
}

static long set_owner_ioctl(long fd)
{
	static int owner;

	owner = victim;
	return CALL(ioctl, fd, (long)FIOSETOWN, &owner);
}

static long set_owner_group(long fd)
{
	static int owner;

	owner = -victim;
	return CALL(ioctl, fd, (long)SIOCSPGRP, &owner);
}

static int by_owner(char **argv, owning *own)
{
	int ends[2];

	make_victim();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		failed(SETUP, "socketpair");
	if (own(ends[0]) || CALL(fcntl, (long)ends[0], (long)F_SETSIG, (long)SIGKILL) ||
	    CALL(fcntl, (long)ends[0], (long)F_SETFL, (long)O_ASYNC))
		return looked_at(errno, argv);
	if (write(ends[1], "x", 1) != 1)
		failed(SETUP, "write");
	usleep(50000);
	return looked_at(waitpid(victim, NULL, WNOHANG) == victim ? 0 : EPERM, argv);
}

static int async(char **argv)
{
	return by_owner(argv, set_owner);
}

static int async_ex(char **argv)
{
	return by_owner(argv, set_owner_ex);
}

static int async_ioctl(char **argv)
{
	return by_owner(argv, set_owner_ioctl);
}

static int async_group(char **argv)
{
	return by_owner(argv, set_owner_group);
}

static int outside(int (*how)(char **), char **argv)
{
	number_file = argv[0];
	return how(argv + 1);
}

static int outside_kill(char **argv)
{
	return outside(by_kill, argv);
}

static int outside_tgkill(char **argv)
{
	return outside(by_tgkill, argv);
}

static int outside_queue(char **argv)
{
	return outside(queue, argv);
}

static int outside_pidfd(char **argv)
{
	return outside(by_pidfd, argv);
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "kill", by_kill, 1 }, { "group", group, 1 }, { "tkill", by_tkill, 1 }, { "tgkill", by_tgkill, 1 },
		{ "queue", queue, 1 }, { "tgqueue", tgqueue, 1 }, { "pidfd", by_pidfd, 1 }, { "async", async, 1 },
		{ "async-ex", async_ex, 1 }, { "async-ioctl", async_ioctl, 1 }, { "async-group", async_group, 1 },
		{ "outside-kill", outside_kill, 1 }, { "outside-tgkill", outside_tgkill, 1 }, { "outside-queue", outside_queue, 1 },
		{ "outside-pidfd", outside_pidfd, 1 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
