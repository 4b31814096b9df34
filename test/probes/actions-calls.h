/*
 * Calls by number and registers, which change nothing that a later one could see, and signals.
 *   call NAME ARGUMENT...     a number, "buffer" or "root" for the address of some memory or of the text "/"
 *   call32 NAME ARGUMENT...   the same by the 32-bit entry
 *   signal NUMBER             sends it to a child that waits
 * For them there are the descriptors 20 to 27 of /dev/zero, 28, a UDP socket, 29, a file in memory, and memory from REGION on.
 */
#include <signal.h>
#include <sys/socket.h>

#define ZEROES 20
#define UDP_SOCKET 28
#define MEMORY_FILE 29
#define REGION 0x20000000ul
#define REGION_SIZE 0x10000

static const struct {
	const char *name;
	long number64, number32;
} calls[] = {
#define CALLED(name) { #name, SYS_##name, NR32_##name }
	CALLED(chroot), CALLED(fallocate), CALLED(ftruncate), CALLED(ioctl), CALLED(mprotect), CALLED(read), CALLED(setpriority),
	CALLED(setsockopt), CALLED(syslog), { "mmap", SYS_mmap, -1 },
#undef CALLED
};

static void must(long result, const char *what)
{
	if (result < 0)
		failed(SETUP, what);
}

static void prepare_calls(void)
{
	static bool prepared;
	int zeroes, udp, file;

	if (prepared)
		return;
	must(zeroes = open("/dev/zero", O_RDONLY), "/dev/zero");
	must(udp = socket(AF_INET, SOCK_DGRAM, 0), "UDP socket");
	must(file = memfd_create("calls", 0), "file in memory");
	for (int fd = ZEROES; fd < UDP_SOCKET; fd++)
		must(dup2(zeroes, fd), "descriptor");
	must(dup2(udp, UDP_SOCKET), "descriptor");
	must(dup2(file, MEMORY_FILE), "descriptor");
	if (mmap((void *)REGION, REGION_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		failed(SETUP, "region");
	prepared = true;
}

static long argument(const char *text)
{
	static char buffer[4096];
	static const char root[] = "/";

	if (!strcmp(text, "buffer"))
		return (long)buffer;
	return !strcmp(text, "root") ? (long)root : number(text);
}

static void called(char **argv, bool is_compat)
{
	long a[6] = { 0 }, result;

	prepare_calls();
	for (int i = 0; i < 6 && argv[i + 1]; i++)
		a[i] = argument(argv[i + 1]);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (strcmp(calls[i].name, argv[0]))
			continue;
		result = is_compat ? call32(calls[i].number32, a[0], a[1], a[2], a[3], a[4], a[5])
				   : syscall(calls[i].number64, a[0], a[1], a[2], a[3], a[4], a[5]);
		did_errno(result == -1 ? errno : 0);
		if (result != -1 && calls[i].number64 == SYS_mmap)
			munmap((void *)result, a[1]);
		return;
	}
	exit(USAGE);
}

static void by_call(char **argv)
{
	called(argv, false);
}

static void by_call32(char **argv)
{
	called(argv, true);
}

/* The child has all signals blocked and ends when the pipe does, so that nobody has to kill it. */
static void by_signal(char **argv)
{
	sigset_t all, old;
	int ends[2];
	pid_t child;

	must(pipe(ends), "pipe");
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	child = made_child();
	if (!child) {
		close(ends[1]);
		_exit(read(ends[0], &(char){ 0 }, 1) != 0);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	did(kill(child, number(argv[0])));
	close(ends[0]);
	close(ends[1]);
	must(waitpid(child, NULL, 0), "child");
}
