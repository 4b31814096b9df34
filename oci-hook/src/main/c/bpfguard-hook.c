/*
 * bpfguard-hook [--socket PATH] [--limit MS] [--agent MS] [--alone PROGRAM] STAGE   What an OCI runtime runs as its hook, of the
 * stages createRuntime and poststop. It decides nothing: it hands the container's state, which the runtime writes to its stdin,
 * to the agent; and where the agent gives no answer, to a program that decides alone.
 *   --socket   the agent's Unix socket                                          /run/bpfguard/hook.sock
 *   --limit    how long this process may live                                   25000
 *   --agent    how much of that the agent has for its answer                    2000
 *   --alone    the program that decides alone                                   bpfguard-hook-alone, beside this program
 * Exit status: 0 only after the agent's yes or that program's 0; else 1, with one line on stderr and in the system's log:
 * "bpfguard: CAUSE; REMEDY".
 *
 * The agent is sent "bpfguard-hook 1 STAGE MILLISECONDS MNTNS LENGTH\n" and the state, LENGTH bytes: MILLISECONDS is how long its
 * answer is still waited for, MNTNS the inode number of this mount namespace. It answers "yes\n" or "no TEXT\n" and closes. An end
 * of file before that tells it that nobody waits any more.
 * The program is run as "PROGRAM STAGE MILLISECONDS MNTNS", with the state as its stdin and MILLISECONDS until it is killed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "bpfguard: "
#define STATE_MAX (16 << 20)
#define SOCKET_PATH_MAX 107 /* bytes, by the kernel */
#define LINE_BYTES 4096
#define LIMIT_MAX 3600000 /* milliseconds, as the next */
/* How long a killed program may take to be gone: one that the kernel cannot end just now must not hold the runtime. */
#define REAP_MS 1000

static const char *socket_path = "/run/bpfguard/hook.sock", *alone, *stage;
static long limit = 25000, agent_limit = 2000; /* milliseconds */
static long deadline; /* of now() */
static unsigned long mount_namespace;
static const char *agent_trouble; /* why there is no answer of the agent */
static int null;

/* To the system's log as well, as an error of a daemon (RFC 3164): crun shows nobody what its hooks wrote. Never waits. */
static void log_line(const char *text)
{
	static const struct sockaddr_un log = { AF_UNIX, "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char *line;
	int length = asprintf(&line, "<27>bpfguard-hook[%d]: %s", getpid(), text);

	if (fd >= 0 && length >= 0)
		sendto(fd, line, length, MSG_NOSIGNAL, (const struct sockaddr *)&log, sizeof(log));
}

/* Prints the one line, and ends. */
static _Noreturn __attribute__((format(printf, 1, 2))) void refuse(const char *format, ...)
{
	static char line[3 * LINE_BYTES] = PREFIX;
	char *text = line + strlen(PREFIX), *start, *c;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(line) - strlen(PREFIX), format, arguments);
	/* What the agent and the program say may begin with the prefix already. */
	start = strncmp(text, PREFIX, strlen(PREFIX)) ? line : text;
	for (c = start; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	dprintf(2, "%s\n", start);
	log_line(start);
	_exit(1);
}

static __attribute__((format(printf, 1, 2))) const char *words(const char *format, ...)
{
	va_list arguments;
	char *made;

	va_start(arguments, format);
	if (vasprintf(&made, format, arguments) < 0)
		refuse("no memory; free some");
	return made;
}

/* What others wrote as a string: no NUL ends it early. */
static char *string(char *bytes, size_t length)
{
	char *nul;

	while ((nul = memchr(bytes, 0, length)))
		*nul = '?';
	bytes[length] = 0;
	return bytes;
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static long left(long until)
{
	long rest = until - now();

	return rest > 0 ? rest : 0;
}

/* False: not before that time. */
static bool ready(int fd, short events, long until)
{
	struct pollfd wanted = { .fd = fd, .events = events };
	long rest;

	while ((rest = left(until))) {
		int count = poll(&wanted, 1, rest);

		if (count > 0 || (count < 0 && errno != EINTR))
			return count > 0;
	}
	return false;
}

/* Copies the state to a file. Reads on to the end whatever happens: crun writes it before it arms the hook's timeout. */
static long read_state(int to)
{
	static char bytes[65536];
	long length = 0, count;

	for (;;) {
		if (!ready(0, POLLIN, deadline))
			refuse("the runtime did not end the container's state within %ld ms; see what holds the runtime", limit);
		count = read(0, bytes, sizeof(bytes));
		if (!count)
			break;
		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (count < 0)
			refuse("cannot read the container's state: %s; let an OCI runtime run this as its hook", strerror(errno));
		length += count;
		if (length <= STATE_MAX && write(to, bytes, count) != count)
			refuse("cannot keep the container's state in memory: %s; give the runtime more memory", strerror(errno));
	}
	if (!length)
		refuse("the runtime gave no container's state on stdin; let an OCI runtime run this as its hook");
	if (length > STATE_MAX)
		refuse("the container's state has %ld bytes, more than %d; give the container fewer annotations", length, STATE_MAX);
	return length;
}

static bool send_all(int agent, int state, long length, long until)
{
	const char *header = words("bpfguard-hook 1 %s %ld %lu %ld\n", stage, left(until), mount_namespace, length);
	long size = strlen(header);
	off_t sent = 0;

	if (send(agent, header, size, 0) != size)
		return false;
	while (sent < length) {
		if (!ready(agent, POLLOUT, until))
			return false;
		if (sendfile(agent, state, &sent, length - sent) <= 0 && errno != EAGAIN && errno != EINTR)
			return false;
	}
	return true;
}

/* NULL: the agent said yes. Else why it gave no answer. Its no is the end. */
static const char *ask_agent(int agent, int state, long length)
{
	static char answer[LINE_BYTES + 1];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer = { .uid = -1 };
	socklen_t size = sizeof(peer);
	long wait = left(deadline) < agent_limit ? left(deadline) : agent_limit, until = now() + wait, got = 0;
	bool all_sent;

	strcpy(address.sun_path, socket_path);
	/* A Unix socket connects at once or fails, with EAGAIN where the agent's queue is full. */
	if (connect(agent, (struct sockaddr *)&address, sizeof(address)))
		return words("the agent %s (%s: %s)", errno == ENOENT || errno == ECONNREFUSED ? "is not running" : "cannot be reached",
			     socket_path, strerror(errno));
	if (getsockopt(agent, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid)
		return words("what listens on %s is not the agent (it has uid %u, not 0)", socket_path, peer.uid);
	/* Without everything it may still say no; its yes would be to something else. */
	all_sent = send_all(agent, state, length, until);
	for (;;) {
		char *end;
		long count;

		if (!ready(agent, POLLIN, until))
			return words("the agent did not answer within %ld ms", wait);
		count = recv(agent, answer + got, LINE_BYTES - got, 0);
		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (count < 0 || (!count && !got))
			return "the agent closed the connection without an answer";
		got += count;
		end = memchr(answer, '\n', got);
		if (end && end - answer >= 3 && !memcmp(answer, "no ", 3)) {
			char *text = string(answer + 3, end - answer - 3);

			refuse("%s", *text ? text : "the agent refused the container and did not say why; see its log");
		}
		/* Until the end of file more may come behind the yes. */
		if (got == 4 && all_sent && !memcmp(answer, "yes\n", 4)) {
			if (!count)
				return NULL;
		} else if (end || !count || got == LINE_BYTES) {
			return "the agent answered garbage";
		}
	}
}

/* There is no decision: the agent did not answer, and the program did not either. */
static _Noreturn void undecided(const char *what, const char *remedy)
{
	refuse("%s, and %s %s; start the agent (bpfguard agent) or %s", agent_trouble, alone, what, remedy);
}

/*
 * Who can write the program can say yes to every container, so it has to be root's alone. It is executed by its path afterwards, and
 * its directories are not looked at: who can write those could put any other program of root's there anyway.
 */
static void check_alone(void)
{
	struct stat found;

	if (stat(alone, &found))
		undecided(errno == ENOENT ? "is not installed" : words("cannot be run: %s", strerror(errno)), "install that program");
	if (!S_ISREG(found.st_mode))
		undecided("is not a regular file", "install that program");
	if (found.st_uid)
		undecided(words("belongs to uid %u, not 0", found.st_uid), "see who changed the file, and give it to root");
	if (found.st_mode & (S_IWGRP | S_IWOTH))
		undecided("can be written by others than root", "see who changed the file, and chmod go-w it");
}

/* In the child: becomes the program. */
static _Noreturn void become_alone(pid_t parent, int state, int errors)
{
	const char *arguments[] = { alone, stage, words("%ld", left(deadline)), words("%lu", mount_namespace), NULL };
	char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };

	setpgid(0, 0);
	/* Dies with the launcher, which may be gone before the kernel knows of this wish. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	if (dup2(errors, 2) == 2 && dup2(null, 1) == 1 && !lseek(state, 0, SEEK_SET) && !dup2(state, 0))
		execve(alone, (char **)arguments, environment);
	undecided(words("cannot be executed: %s", strerror(errno)), "install that program again");
}

/* The line to print of what the program wrote: its first with the prefix, as a Java machine may have warned before, or else its first. */
static const char *line_of(char *output)
{
	const char *first = NULL;

	for (char *line = strtok(output, "\r\n"); line; line = strtok(NULL, "\r\n")) {
		if (!strncmp(line, PREFIX, strlen(PREFIX)))
			return line;
		first = first ? first : line;
	}
	return first;
}

/* Takes what the program wrote, and drops what is too much, so that the program does not wait for it. False: it closed its stderr. */
static bool take(int errors, char *output, long *got)
{
	static char dropped[LINE_BYTES];
	long room = LINE_BYTES - *got, count = read(errors, room ? output + *got : dropped, room ? room : LINE_BYTES);

	if (room && count > 0)
		*got += count;
	return count;
}

/* Runs the program and ends as it says. */
static _Noreturn void decide_alone(int state)
{
	static char output[LINE_BYTES + 1];
	struct pollfd watched[2] = { { .events = POLLIN }, { .events = POLLIN } };
	pid_t parent = getpid(), child;
	int errors[2], status;
	const char *line;
	bool reaped;
	long got = 0;

	check_alone();
	if (!left(deadline))
		undecided("has no time left", "raise --limit");
	if (pipe2(errors, O_CLOEXEC) || fcntl(errors[0], F_SETFL, O_NONBLOCK) || (child = fork()) < 0)
		undecided(words("cannot be started: %s", strerror(errno)), "give the runtime more processes and open files");
	if (!child)
		become_alone(parent, state, errors[1]);
	setpgid(child, child); /* whoever of the two comes first */
	close(errors[1]);
	watched[0].fd = syscall(SYS_pidfd_open, child, 0);
	watched[1].fd = errors[0];
	while (watched[0].fd >= 0 && !watched[0].revents && left(deadline))
		if (poll(watched, 2, left(deadline)) > 0 && watched[1].revents && !take(errors[0], output, &got))
			watched[1].fd = -1;
	/* What it started goes with it; until it is reaped the number of its group is no other's. */
	kill(-child, SIGKILL);
	kill(child, SIGKILL);
	ready(watched[0].fd, POLLIN, now() + REAP_MS);
	reaped = waitpid(child, &status, WNOHANG) == child;
	if (watched[0].fd < 0)
		undecided("cannot be watched", "run Linux 5.8 or newer");
	if (!watched[0].revents || !reaped)
		undecided(words("was killed because it did not end within the limit of %ld ms", limit), "see what it waits for, or raise --limit");
	if (WIFSIGNALED(status))
		undecided(words("was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status))),
			  "see in the kernel's log whether memory is short");
	if (!WEXITSTATUS(status))
		_exit(0);
	if (got < LINE_BYTES)
		take(errors[0], output, &got);
	line = line_of(string(output, got));
	if (!line)
		undecided(words("exited with %d and did not say why", WEXITSTATUS(status)), "run that program by hand");
	refuse("%s", line);
}

static long milliseconds(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < 1 || value > LIMIT_MAX)
		refuse("wrong use: %s is not a number of milliseconds from 1 to %d; correct the hook's arguments", text, LIMIT_MAX);
	return value;
}

/* Relative paths would begin in the container's bundle, where runtimes start hooks. */
static const char *absolute(const char *path, size_t longest)
{
	if (*path != '/' || strlen(path) > longest)
		refuse("wrong use: %s is not an absolute path of at most %zu bytes; correct the hook's arguments", path, longest);
	return path;
}

static void read_arguments(int argc, char **argv)
{
	int next = 1;

	for (; next + 2 < argc; next += 2)
		if (!strcmp(argv[next], "--socket"))
			socket_path = absolute(argv[next + 1], SOCKET_PATH_MAX);
		else if (!strcmp(argv[next], "--limit"))
			limit = milliseconds(argv[next + 1]);
		else if (!strcmp(argv[next], "--agent"))
			agent_limit = milliseconds(argv[next + 1]);
		else if (!strcmp(argv[next], "--alone"))
			alone = absolute(argv[next + 1], LINE_BYTES - 1);
		else
			break;
	if (next != argc - 1 || (strcmp(argv[next], "createRuntime") && strcmp(argv[next], "poststop")))
		refuse("wrong use; the arguments are [--socket PATH] [--limit MS] [--agent MS] [--alone PROGRAM] createRuntime|poststop");
	stage = argv[next];
}

static const char *beside_this_program(void)
{
	static char path[LINE_BYTES];
	long length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length < 0)
		refuse("cannot find this program's directory: %s; mount /proc or give --alone", strerror(errno));
	return words("%.*s/bpfguard-hook-alone", (int)(strrchr(path, '/') - path), path);
}

/* What the runtime left open reaches no program. */
static void close_on_exec(void)
{
	DIR *open_files;

	if (!close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
		return;
	/* Before Linux 5.11. */
	open_files = opendir("/proc/self/fd");
	if (!open_files)
		refuse("cannot see the files open: %s; mount /proc", strerror(errno));
	for (struct dirent *entry; (entry = readdir(open_files));)
		if (atoi(entry->d_name) > 2)
			fcntl(atoi(entry->d_name), F_SETFD, FD_CLOEXEC);
	closedir(open_files);
}

int main(int argc, char **argv)
{
	bool no_stdin = fcntl(0, F_GETFD) < 0;
	struct stat namespace;
	int state, agent;
	sigset_t none;
	long length;

	deadline = now();
	/* No file of ours gets the number of a standard one that is closed. */
	do
		null = open("/dev/null", O_RDWR);
	while (null >= 0 && null <= 2);
	if (null < 0)
		refuse("cannot open /dev/null: %s; mount /dev", strerror(errno));
	close_on_exec();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would take the program's status */
	read_arguments(argc, argv);
	deadline += limit;
	alone = alone ? alone : beside_this_program();
	if (no_stdin)
		refuse("stdin is closed; let an OCI runtime run this as its hook");
	state = memfd_create("state", MFD_CLOEXEC);
	agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (state < 0 || agent < 0)
		refuse("cannot begin: %s; give the runtime more open files and memory", strerror(errno));
	length = read_state(state);
	if (stat("/proc/self/ns/mnt", &namespace))
		refuse("cannot see the mount namespace: %s; mount /proc", strerror(errno));
	mount_namespace = namespace.st_ino;
	agent_trouble = ask_agent(agent, state, length);
	if (!agent_trouble)
		return 0;
	close(agent); /* tells the agent that its answer counts no more */
	decide_alone(state);
}
