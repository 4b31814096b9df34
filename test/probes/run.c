/*
 * run HOW[/32] PROGRAM [ARG...]   Executes PROGRAM, in whatever way:
 *   execve execveat             by its path; relative to its directory
 *   fd procfd                   a descriptor of it; /proc/self/fd/N
 *   memfd memfd-procfd          a copy of it in memory, by descriptor and by /proc/self/fd/N
 *   detached                    a copy of it in a tmpfs that is mounted nowhere
 *   deleted                     a copy of it whose name is gone
 *   copied changed              a copy of it, /tmp/copied; itself after its times were set
 *   padded BYTES                its last argument behind so many bytes of others, short and long (before PROGRAM)
 *   script                      as the interpreter of a script
 *   loader                      as an argument of /probes/ld.so
 *   map mprotect personality    maps it as the kernel would: segments with PROT_EXEC, made executable after mapping, or
 *                               executable because all that is readable is; and jumps in (a static program at a fixed address)
 * Exit status: PROGRAM's, or the errno.
 */
#include "probe.h"
#include "call.h"
#include <elf.h>
#include <libgen.h>
#include <linux/mount.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/sendfile.h>

extern char **environ;

/* A vector of 32-bit pointers to copies, for the 32-bit entry. */
static unsigned *low_vector(char **from)
{
	static unsigned vectors[4][64];
	static int used;
	unsigned *vector = vectors[used++];

	for (int i = 0; from[i] && i < 63; i++)
		vector[i] = (unsigned)(unsigned long)low(from[i]);
	return vector;
}

static int execute(const char *path, char **argv)
{
	static char *none[] = { NULL };

	if (entry32)
		call32(NR32_execve, (long)low(path), (long)low_vector(argv), (long)low_vector(none), 0, 0, 0);
	else
		execve(path, argv, environ);
	return errno;
}

static int execute_at(int directory, const char *name, char **argv, int flags)
{
	static char *none[] = { NULL };

	if (entry32)
		call32(NR32_execveat, directory, (long)low(name), (long)low_vector(argv), (long)low_vector(none), flags, 0);
	else
		syscall(SYS_execveat, directory, name, argv, environ, flags);
	return errno;
}

static int open_program(const char *program, int flags)
{
	int fd = open(program, flags);

	if (fd < 0)
		failed(errno, program); /* denying this is as good */
	return fd;
}

static int execute_fd(int fd, char **argv)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return execute(path, argv);
}

/* Into a file that is open for writing. */
static void copy(const char *program, int to)
{
	int from = open_program(program, O_RDONLY);
	struct stat stat;

	if (to < 0 || fstat(from, &stat) || sendfile(to, from, NULL, stat.st_size) != stat.st_size)
		failed(SETUP, "copy");
	close(from);
}

static int by_execve(char **argv)
{
	return execute(argv[0], argv);
}

static int by_execveat(char **argv)
{
	return execute_at(open_program(dirname(strdup(argv[0])), O_PATH), basename(strdup(argv[0])), argv, 0);
}

static int by_fd(char **argv)
{
	return execute_at(open_program(argv[0], O_PATH), "", argv, AT_EMPTY_PATH);
}

static int by_procfd(char **argv)
{
	return execute_fd(open_program(argv[0], O_PATH), argv);
}

static int in_memory(const char *program)
{
	int fd = CALL(memfd_create, low("copy"), MFD_CLOEXEC);

	if (fd < 0)
		exit(errno);
	copy(program, fd);
	return fd;
}

static int by_memfd(char **argv)
{
	return execute_at(in_memory(argv[0]), "", argv, AT_EMPTY_PATH);
}

static int memfd_procfd(char **argv)
{
	return execute_fd(in_memory(argv[0]), argv);
}

static int by_deleted(char **argv)
{
	static const char name[] = "/tmp/deleted-copy";
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);

	copy(argv[0], fd);
	close(fd); /* what is open for writing cannot be executed */
	fd = open_program(name, O_RDONLY);
	unlink(name);
	return execute_at(fd, "", argv, AT_EMPTY_PATH);
}

static int by_detached(char **argv)
{
	int context = CALL(fsopen, low("tmpfs"), FSOPEN_CLOEXEC), mounted, fd;

	if (context < 0 || CALL(fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0))
		failed(SETUP, "tmpfs");
	mounted = CALL(fsmount, context, FSMOUNT_CLOEXEC, 0);
	fd = openat(mounted, "program", O_WRONLY | O_CREAT, 0700);
	if (mounted < 0 || fd < 0)
		failed(SETUP, "a file in it");
	copy(argv[0], fd);
	close(fd);
	return execute_at(mounted, "program", argv, 0);
}

static int by_copied(char **argv)
{
	static const char name[] = "/tmp/copied";
	int fd;

	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0700);
	copy(argv[0], fd);
	close(fd);
	return execute(name, argv);
}

static int by_changed(char **argv)
{
	if (utimensat(AT_FDCWD, argv[0], NULL, 0))
		failed(SETUP, argv[0]);
	return execute(argv[0], argv);
}

/* Half of the bytes in one argument, the other half in small ones. */
static int by_padded(char **argv)
{
	long bytes = atol(argv[0]), small = bytes / 20;
	char **padded = calloc(small + 80, sizeof(*padded)), **end = padded, *large = calloc(1, bytes / 2 + 1);

	memset(large, 'x', bytes / 2);
	for (argv++; argv[1]; argv++)
		*end++ = *argv;
	*end++ = large;
	while (small--)
		*end++ = "some more";
	*end = *argv;
	return execute(padded[0], padded);
}

static int script(char **argv)
{
	static const char name[] = "/tmp/script";
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	char *script[] = { (char *)name, NULL };

	if (fd < 0)
		failed(SETUP, name);
	dprintf(fd, "#!%s %s\n", argv[0], argv[1] ? argv[1] : "");
	close(fd);
	return execute(name, script);
}

static int loader(char **argv)
{
	char *with_loader[16] = { "/probes/ld.so" };

	for (int i = 0; argv[i] && i < 14; i++)
		with_loader[i + 1] = argv[i];
	return execute(with_loader[0], with_loader);
}

/* Where a file's pages are mapped; MAP_FAILED and errno. */
static void *map_file(unsigned long address, unsigned long length, int protection, int fd, unsigned long offset)
{
	if (!entry32)
		return mmap((void *)address, length, protection, MAP_PRIVATE | MAP_FIXED, fd, offset);
	return call32(NR32_mmap2, address, length, protection, MAP_PRIVATE | MAP_FIXED, fd, offset / 4096) == -1 ? MAP_FAILED : (void *)address;
}

enum manner { AT_ONCE, AFTERWARDS, BY_PERSONALITY };

/* Maps the segments of a static program and starts it with its arguments and nothing else on a new stack. */
static int map_program(char **argv, enum manner manner)
{
	int fd = open_program(argv[0], O_RDONLY), count = 0;
	static char image[4096];
	static long stack[512];
	Elf64_Ehdr *head = (Elf64_Ehdr *)image;
	Elf64_Phdr *segments = (Elf64_Phdr *)(image + sizeof(*head));

	if (read(fd, image, sizeof(image)) < (long)sizeof(*head) || head->e_type != ET_EXEC)
		failed(SETUP, "not a static program at a fixed address");
	if (manner == BY_PERSONALITY && CALL(personality, READ_IMPLIES_EXEC) < 0)
		return errno;
	for (int i = 0; i < head->e_phnum; i++) {
		unsigned long start = segments[i].p_vaddr & ~4095ul, end = segments[i].p_vaddr + segments[i].p_filesz;
		int writable = segments[i].p_flags & PF_W ? PROT_WRITE : 0, executable = segments[i].p_flags & PF_X ? PROT_EXEC : 0;

		if (segments[i].p_type != PT_LOAD || end == segments[i].p_vaddr)
			continue;
		if (map_file(start, end - start, PROT_READ | writable | (manner == AT_ONCE ? executable : 0), fd,
			     segments[i].p_offset & ~4095ul) == MAP_FAILED)
			return errno;
		if (manner == AFTERWARDS && executable && CALL(mprotect, start, end - start, PROT_READ | PROT_EXEC))
			return errno;
	}
	while (argv[count])
		count++;
	stack[0] = count;
	memcpy(stack + 1, argv, count * sizeof(*argv));
	__asm__ volatile("mov %0, %%rsp\n\tjmp *%1" : : "r"(stack), "r"(head->e_entry) : "memory");
	__builtin_unreachable();
}

static int by_map(char **argv)
{
	return map_program(argv, AT_ONCE);
}

static int by_mprotect(char **argv)
{
	return map_program(argv, AFTERWARDS);
}

static int by_personality(char **argv)
{
	return map_program(argv, BY_PERSONALITY);
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "execve", by_execve, 1 }, { "execveat", by_execveat, 1 }, { "fd", by_fd, 1 }, { "procfd", by_procfd, 1 },
		{ "memfd", by_memfd, 1 }, { "memfd-procfd", memfd_procfd, 1 }, { "detached", by_detached, 1 },
		{ "deleted", by_deleted, 1 }, { "copied", by_copied, 1 }, { "changed", by_changed, 1 }, { "padded", by_padded, 3 },
		{ "script", script, 1 }, { "loader", loader, 1 },
		{ "map", by_map, 1 }, { "mprotect", by_mprotect, 1 }, { "personality", by_personality, 1 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
