/*
 * module HOW[/32] ...   Kernel modules:
 *   init-zeros           init_module of a page of zeros: ENOEXEC
 *   finit-text           finit_module of a text file: ENOEXEC
 *   init FILE            a real one
 *   finit FILE
 *   delete NAME
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include <sys/mman.h>

static int init_zeros(char **argv)
{
	static char zeros[4096];

	(void)argv;
	return status(CALL(init_module, zeros, sizeof(zeros), low("")));
}

static int finit_module(const char *path)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 ? errno : status(CALL(finit_module, (long)fd, low(""), 0L));
}

static int finit_text(char **argv)
{
	(void)argv;
	return finit_module("/etc/passwd");
}

static int init(char **argv)
{
	int fd = open(argv[0], O_RDONLY);
	struct stat stat;
	void *image;

	if (fd < 0 || fstat(fd, &stat))
		return errno;
	image = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE | MAP_32BIT, fd, 0);
	if (image == MAP_FAILED)
		failed(SETUP, "mmap");
	return status(CALL(init_module, image, stat.st_size, low("")));
}

static int finit(char **argv)
{
	return finit_module(argv[0]);
}

static int delete(char **argv)
{
	return status(CALL(delete_module, low(argv[0]), (long)O_NONBLOCK));
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "init-zeros", init_zeros, 0 }, { "finit-text", finit_text, 0 }, { "init", init, 1 }, { "finit", finit, 1 },
		{ "delete", delete, 1 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
