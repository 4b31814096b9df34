/*
 * trace HOW[/32] FILE   Gets into another process, a child that maps FILE for all to see:
 *   seize attach traceme     ptrace in three beginnings, and a word of its memory is overwritten
 *   vm_writev mem            the same with process_vm_writev and /proc/PID/mem
 *   vm_readv mem-read        a byte of its memory is read, and appended to FILE
 *   getfd                    its descriptor of FILE, by pidfd_getfd, and written to
 *   environ kcmp             what reading access gives: /proc/PID/environ, a byte of which is appended to FILE; kcmp
 *   self-mem thread-mem      this process's own memory, through /proc/self/mem, /proc/thread-self/mem
 *   perf                     perf_event_open of its own processor time; without a file, holds
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include <linux/kcmp.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define AT 0x20000000l /* where the 32-bit entry reaches it too */

static char secret[] = "secret";
static char byte[] = "xxxxxxxx";
static int file;
static pid_t child;

static void map(void)
{
	if (mmap((void *)AT, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED)
		failed(SETUP, "mmap");
}

static void open_file(char **argv)
{
	file = open(argv[0], O_RDWR);
	if (file < 0)
		failed(SETUP, argv[0]);
}

/* A child that maps the file and waits; when PREPARE fails there, its errno is the probe's status. */
static void make_child(char **argv, int (*prepare)(void))
{
	int ready[2];
	char error;

	open_file(argv);
	if (pipe(ready) || (child = fork()) < 0)
		failed(SETUP, "fork");
	if (!child) {
		map();
		error = prepare ? prepare() : 0;
		if (write(ready[1], &error, 1) == 1)
			pause();
		_exit(0);
	}
	if (read(ready[0], &error, 1) != 1)
		failed(SETUP, "the child");
	if (error) {
		kill(child, SIGKILL);
		exit(error);
	}
}

static int ended(int error)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return error;
}

static int poke(void)
{
	if (waitpid(child, NULL, __WALL) != child)
		return errno;
	/* The 32-bit entry pokes 32 bits. */
	return status(CALL(ptrace, (long)PTRACE_POKEDATA, (long)child, AT, 0x78787878l));
}

static int seize(char **argv)
{
	make_child(argv, NULL);
	if (CALL(ptrace, (long)PTRACE_SEIZE, (long)child, 0L, 0L) || CALL(ptrace, (long)PTRACE_INTERRUPT, (long)child, 0L, 0L))
		return ended(errno);
	return ended(poke());
}

static int attach(char **argv)
{
	make_child(argv, NULL);
	if (CALL(ptrace, (long)PTRACE_ATTACH, (long)child, 0L, 0L))
		return ended(errno);
	return ended(poke());
}

static int trace_me(void)
{
	return status(CALL(ptrace, (long)PTRACE_TRACEME, 0L, 0L, 0L));
}

static int traceme(char **argv)
{
	make_child(argv, trace_me);
	kill(child, SIGSTOP);
	return ended(poke());
}

/* process_vm_readv or process_vm_writev of one piece, of the 64-bit or the 32-bit entry. */
static int vm(long nr64, long nr32, void *here, unsigned long there, unsigned length)
{
	struct iovec local = { here, length }, remote = { (void *)there, length };
	static unsigned local32[2], remote32[2];
	long bytes;

	local32[0] = (unsigned)(unsigned long)here;
	remote32[0] = (unsigned)there;
	local32[1] = remote32[1] = length;
	bytes = entry32 ? call32(nr32, child, (long)local32, 1, (long)remote32, 1, 0) : syscall(nr64, child, &local, 1L, &remote, 1L, 0L);
	return bytes < 0 ? errno : 0;
}

static int vm_writev(char **argv)
{
	make_child(argv, NULL);
	return ended(vm(SYS_process_vm_writev, NR32_process_vm_writev, byte, AT, 8));
}

static int append(const char *read)
{
	return lseek(file, 0, SEEK_END) < 0 || write(file, read, 1) != 1 ? errno : 0;
}

static int vm_readv(char **argv)
{
	static char got[8];
	int error;

	make_child(argv, NULL);
	error = vm(SYS_process_vm_readv, NR32_process_vm_readv, got, (unsigned long)secret, sizeof(secret));
	return ended(error ? error : append(got));
}

static int open_of(pid_t pid, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return CALL(open, low(path), flags);
}

static int mem(char **argv)
{
	int fd;

	make_child(argv, NULL);
	fd = open_of(child, "mem", O_RDWR);
	return ended(fd < 0 || pwrite(fd, byte, 8, AT) != 8 ? errno : 0);
}

static int mem_read(char **argv)
{
	char got[8];
	int fd;

	make_child(argv, NULL);
	fd = open_of(child, "mem", O_RDONLY);
	return ended(fd < 0 || pread(fd, got, sizeof(secret), (long)secret) != sizeof(secret) ? errno : append(got));
}

static int by_environ(char **argv)
{
	char got[8];
	int fd;

	make_child(argv, NULL);
	fd = open_of(child, "environ", O_RDONLY);
	return ended(fd < 0 || read(fd, got, 1) != 1 ? errno : append(got));
}

static int by_kcmp(char **argv)
{
	make_child(argv, NULL);
	return ended(status(CALL(kcmp, (long)child, (long)getpid(), (long)KCMP_VM, 0L, 0L)));
}

static int getfd(char **argv)
{
	int pidfd, fd;

	make_child(argv, NULL);
	pidfd = syscall(SYS_pidfd_open, child, 0);
	fd = pidfd < 0 ? -1 : CALL(pidfd_getfd, (long)pidfd, (long)file, 0L); /* the child has it by the same number */
	if (fd < 0)
		return ended(errno);
	return ended(write(fd, byte, 8) == 8 ? 0 : errno);
}

static int own(char **argv, const char *path)
{
	int fd;

	open_file(argv);
	map();
	fd = CALL(open, low(path), O_RDWR);
	return fd < 0 || pwrite(fd, byte, 8, AT) != 8 ? errno : 0;
}

static int self_mem(char **argv)
{
	return own(argv, "/proc/self/mem");
}

static int thread_mem(char **argv)
{
	return own(argv, "/proc/thread-self/mem");
}

static int perf(char **argv)
{
	static struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_TASK_CLOCK };
	int error = status(CALL(perf_event_open, &attr, 0L, -1L, -1L, 0L));

	hold(argv[0]);
	return error;
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "seize", seize, 1 }, { "attach", attach, 1 }, { "traceme", traceme, 1 }, { "vm_writev", vm_writev, 1 },
		{ "vm_readv", vm_readv, 1 }, { "mem", mem, 1 }, { "mem-read", mem_read, 1 }, { "getfd", getfd, 1 },
		{ "environ", by_environ, 1 }, { "kcmp", by_kcmp, 1 }, { "self-mem", self_mem, 1 }, { "thread-mem", thread_mem, 1 },
		{ "perf", perf, 1 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
