/*
 * map HOW[/32] FILE   Makes executable memory, in whatever way:
 *   file file-later            of FILE, at once or by mprotect
 *   anonymous anonymous-later  without a file
 *   private written            of FILE, and writable too; a private copy that was written to, then by mprotect
 *   zero zero-shared           of /dev/zero
 *   memfd                      of a file in memory
 *   shm                        System V shared memory
 *   personality                without a file, readable alone, where all that is readable is executable
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>

#define SIZE 4096
#define AT 0x20000000 /* below 4 GiB, for both entries */

static int map(int protection, int flags, int fd)
{
	long address = entry32 ? call32(NR32_mmap2, AT, SIZE, protection, flags | MAP_FIXED, fd, 0) :
				 syscall(SYS_mmap, AT, SIZE, protection, flags | MAP_FIXED, fd, 0);

	return address == -1 ? errno : 0;
}

static int make_executable(void)
{
	return status(CALL(mprotect, AT, SIZE, PROT_READ | PROT_EXEC));
}

static int opened(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0)
		failed(SETUP, path);
	return fd;
}

static int file(char **argv)
{
	return map(PROT_READ | PROT_EXEC, MAP_PRIVATE, opened(argv[0], O_RDONLY));
}

static int file_later(char **argv)
{
	return map(PROT_READ, MAP_PRIVATE, opened(argv[0], O_RDONLY)) ?: make_executable();
}

static int anonymous(char **argv)
{
	(void)argv;
	return map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int anonymous_later(char **argv)
{
	(void)argv;
	return map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1) ?: make_executable();
}

static int private(char **argv)
{
	return map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, opened(argv[0], O_RDONLY));
}

static int written(char **argv)
{
	int error = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, opened(argv[0], O_RDONLY));

	if (error)
		return error;
	*(volatile char *)AT = 0x90;
	return make_executable();
}

static int zero(char **argv)
{
	(void)argv;
	return map(PROT_READ | PROT_EXEC, MAP_PRIVATE, opened("/dev/zero", O_RDWR));
}

static int zero_shared(char **argv)
{
	(void)argv;
	return map(PROT_READ | PROT_WRITE, MAP_SHARED, opened("/dev/zero", O_RDWR)) ?: make_executable();
}

static int memory_file(char **argv)
{
	int fd = memfd_create("code", 0);

	(void)argv;
	if (fd < 0 || ftruncate(fd, SIZE))
		failed(SETUP, "memfd");
	return map(PROT_READ | PROT_EXEC, MAP_SHARED, fd);
}

static int shared_memory(char **argv)
{
	int id = shmget(IPC_PRIVATE, SIZE, 0700), error;
	void *address;

	(void)argv;
	if (id < 0)
		failed(SETUP, "shmget");
	address = shmat(id, NULL, SHM_EXEC);
	error = address == (void *)-1 ? errno : 0;
	shmctl(id, IPC_RMID, NULL);
	return error;
}

static int by_personality(char **argv)
{
	(void)argv;
	if (CALL(personality, READ_IMPLIES_EXEC) < 0)
		failed(SETUP, "personality");
	return map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "file", file, 1 }, { "file-later", file_later, 1 }, { "anonymous", anonymous, 0 },
		{ "anonymous-later", anonymous_later, 0 }, { "private", private, 1 }, { "written", written, 1 },
		{ "zero", zero, 0 }, { "zero-shared", zero_shared, 0 }, { "memfd", memory_file, 0 },
		{ "shm", shared_memory, 0 }, { "personality", by_personality, 0 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
