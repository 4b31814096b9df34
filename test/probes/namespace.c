/*
 * namespace HOW[/32] KIND [HOLD]   Comes into another namespace of KIND: user mnt uts net ipc pid cgroup time.
 *   unshare                  of the process itself (pid and time: of its children)
 *   clone clone3             of a child
 *   setns setns-pidfd        that of the process "target", by its file in /proc, and by a pidfd
 *   target                   makes a process "target" with namespaces of its own and "target-user" with a user namespace, which stay
 * The process that is in it stays while the host looks (probe.h). Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include <dirent.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

static const struct { const char *name; unsigned long flag; } kinds[] = {
	{ "user", CLONE_NEWUSER }, { "mnt", CLONE_NEWNS }, { "uts", CLONE_NEWUTS }, { "net", CLONE_NEWNET },
	{ "ipc", CLONE_NEWIPC }, { "pid", CLONE_NEWPID }, { "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME },
};

static unsigned long flag(const char *kind)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, kind))
			return kinds[i].flag;
	exit(USAGE);
}

static int by_unshare(char **argv)
{
	int error = status(CALL(unshare, flag(argv[0])));

	hold(argv[1]);
	return error;
}

/* In the parent returns when the child has ended; the parent holds where there is no child. */
static int in_child(long pid, const char *file)
{
	int error = status(pid);

	if (pid > 0)
		waitpid(pid, NULL, 0);
	else
		hold(file);
	if (pid == 0)
		_exit(0);
	return error;
}

static int by_clone(char **argv)
{
	return in_child(CALL(clone, flag(argv[0]) | SIGCHLD, NULL, NULL, NULL, NULL), argv[1]);
}

static int by_clone3(char **argv)
{
	static struct clone_args arguments = { .exit_signal = SIGCHLD };

	arguments.flags = flag(argv[0]);
	return in_child(CALL(clone3, &arguments, sizeof(arguments)), argv[1]);
}

static const char *target_of(const char *kind)
{
	return strcmp(kind, "user") ? "target\n" : "target-user\n";
}

static pid_t find_target(const char *kind)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300], name[17];

	while ((entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);

		int fd = open(path, O_RDONLY), length = read(fd, name, sizeof(name) - 1);

		close(fd);
		name[length < 0 ? 0 : length] = 0;
		if (!strcmp(name, target_of(kind)))
			return atoi(entry->d_name);
	}
	errno = ESRCH;
	exit(failed(SETUP, "target"));
}

static int by_setns(char **argv)
{
	char path[64];
	int fd, error;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", find_target(argv[0]), argv[0]);
	fd = open(path, O_RDONLY);
	error = fd < 0 ? errno : status(CALL(setns, fd, 0));
	hold(argv[1]);
	return error;
}

static int setns_pidfd(char **argv)
{
	int fd = CALL(pidfd_open, find_target(argv[0]), 0), error;

	error = fd < 0 ? errno : status(CALL(setns, fd, flag(argv[0])));
	hold(argv[1]);
	return error;
}

static int waiting_child(unsigned long flags, const char *name)
{
	pid_t child;

	if (unshare(flags) || (child = fork()) < 0) /* a child, as some namespaces are for children only */
		return errno;
	if (child)
		return 0;
	prctl(PR_SET_NAME, name);
	for (;;)
		pause();
}

static int target(char **argv)
{
	pid_t other = fork();

	(void)argv;
	if (other < 0)
		return errno;
	if (!other)
		return waiting_child(CLONE_NEWUSER, "target-user");
	return waiting_child(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWCGROUP | CLONE_NEWPID | CLONE_NEWTIME,
			     "target");
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "unshare", by_unshare, 1 }, { "clone", by_clone, 1 }, { "clone3", by_clone3, 1 }, { "setns", by_setns, 1 },
		{ "setns-pidfd", setns_pidfd, 1 }, { "target", target, 0 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
