/*
 * device HOW[/32] NODE MAJOR MINOR OUT   Reads the first 16 bytes of a block device around its file system, and writes them to OUT:
 *   mknod mknodat        by a node NODE of its own, which it removes again
 *   open                 by the node that is there
 *   only-mknod           makes the node and leaves it
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include <sys/sysmacros.h>

static dev_t number(char **argv)
{
	return makedev(atoi(argv[1]), atoi(argv[2]));
}

static int copied(char **argv)
{
	char sector[512];
	int fd = CALL(open, low(argv[0]), O_RDONLY), error = errno, out;

	if (fd < 0)
		return error;
	if (read(fd, sector, sizeof(sector)) != sizeof(sector))
		return errno;
	out = open(argv[3], O_WRONLY | O_CREAT, 0600);
	return write(out, sector, 16) == 16 ? 0 : errno;
}

static int copied_and_removed(char **argv)
{
	int error = copied(argv);

	unlink(argv[0]);
	return error;
}

static int only_mknod(char **argv)
{
	return status(CALL(mknod, low(argv[0]), (long)(S_IFBLK | 0600), number(argv)));
}

static int by_mknod(char **argv)
{
	int error = only_mknod(argv);

	return error ? error : copied_and_removed(argv);
}

static int by_mknodat(char **argv)
{
	if (CALL(mknodat, (long)AT_FDCWD, low(argv[0]), (long)(S_IFBLK | 0600), number(argv)))
		return errno;
	return copied_and_removed(argv);
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "mknod", by_mknod, 4 }, { "mknodat", by_mknodat, 4 }, { "open", copied, 4 }, { "only-mknod", only_mknod, 4 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
