/*
 * write HOW[/32] PATH   Changes the content of the file PATH, without write(2).
 *   truncate ftruncate fallocate    its length
 *   mmap                            a byte, through a shared mapping
 *   pwrite writev aio               a byte, other ways of writing
 *   splice vmsplice sendfile copy   bytes from a pipe, from memory through a pipe, from another file; copy_file_range
 *   uring-write uring-writev uring-splice uring-fallocate   io_uring
 *   mem                             a byte of a shared mapping, through /proc/self/mem
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include "uring.h"
#include <libgen.h>
#include <linux/aio_abi.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static char byte[] = "x";

static int open_file(const char *path)
{
	return CALL(open, low(path), O_RDWR);
}

static int moved(long bytes)
{
	return bytes < 0 ? errno : bytes == 1 ? 0 : SETUP;
}

static int by_truncate(char **argv)
{
	return status(CALL(truncate, low(argv[0]), 1));
}

/* The 32-bit entry has it with a 64-bit length too. */
static int by_truncate64(char **argv)
{
	return status(call32(NR32_truncate64, (long)low(argv[0]), 1, 0, 0, 0, 0));
}

static int by_ftruncate(char **argv)
{
	int fd = open_file(argv[0]);

	return fd < 0 ? errno : status(CALL(ftruncate, fd, 1));
}

static int by_fallocate(char **argv)
{
	int fd = open_file(argv[0]);

	if (fd < 0)
		return errno;
	return status(entry32 ? call32(NR32_fallocate, fd, 0, 0, 0, 4096, 0) : syscall(SYS_fallocate, fd, 0, 0L, 4096L));
}

static char *mapped(int fd)
{
	long at;

	if (entry32)
		at = call32(NR32_mmap2, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	else
		at = (long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return at == -1 ? NULL : (char *)at;
}

static int by_mmap(char **argv)
{
	int fd = open_file(argv[0]);
	volatile char *at = fd < 0 ? NULL : mapped(fd);

	if (!at)
		return errno;
	*at = 'x';
	return 0;
}

static int by_mem(char **argv)
{
	int fd = open_file(argv[0]), mem;
	char *at = fd < 0 ? NULL : mapped(fd);

	if (!at)
		return errno;
	mem = CALL(open, low("/proc/self/mem"), O_RDWR);
	return mem < 0 ? errno : moved(pwrite(mem, byte, 1, (long)at));
}

static int by_pwrite(char **argv)
{
	int fd = open_file(argv[0]);

	return fd < 0 ? errno : moved(CALL(pwrite64, fd, byte, 1, 0L, 0L));
}

/* A struct iovec of either entry. A ring that was made by the 32-bit entry takes that one's. */
static void *vector(void)
{
	static struct iovec vector64 = { byte, 1 };
	static unsigned vector32[2];

	vector32[0] = (unsigned)(unsigned long)byte;
	vector32[1] = 1;
	return entry32 ? (void *)vector32 : &vector64;
}

static int by_writev(char **argv)
{
	int fd = open_file(argv[0]);

	return fd < 0 ? errno : moved(CALL(writev, (long)fd, vector(), 1L));
}

static int by_aio(char **argv)
{
	aio_context_t context = 0;
	struct iocb request = { .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_buf = (unsigned long)byte, .aio_nbytes = 1 }, *list = &request;
	struct io_event event;
	int fd = open_file(argv[0]);

	if (fd < 0)
		return errno;
	request.aio_fildes = fd;
	if (syscall(SYS_io_setup, 1, &context) || syscall(SYS_io_submit, context, 1, &list) != 1 ||
	    syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		return errno;
	return event.res == 1 ? 0 : -event.res;
}

static int by_splice(char **argv)
{
	int fd = open_file(argv[0]), ends[2];

	if (fd < 0)
		return errno;
	if (pipe(ends) || write(ends[1], byte, 1) != 1)
		failed(SETUP, "pipe");
	return moved(CALL(splice, ends[0], NULL, fd, NULL, 1, 0));
}

static int by_vmsplice(char **argv)
{
	int fd = open_file(argv[0]), ends[2];

	if (fd < 0)
		return errno;
	if (pipe(ends))
		failed(SETUP, "pipe");
	if (CALL(vmsplice, (long)ends[1], vector(), 1L, 0L) != 1)
		return errno;
	return moved(CALL(splice, ends[0], NULL, fd, NULL, 1, 0));
}

/* Another file of the same file system, which copy_file_range wants; it never gets a name. */
static int source(const char *path)
{
	int fd = open(dirname(strdup(path)), O_RDWR | O_TMPFILE, 0600);

	if (fd < 0 || pwrite(fd, byte, 1, 0) != 1)
		failed(SETUP, "source");
	return fd;
}

static int by_sendfile(char **argv)
{
	int fd = open_file(argv[0]);

	return fd < 0 ? errno : moved(CALL(sendfile, fd, source(argv[0]), NULL, 1));
}

static int by_copy(char **argv)
{
	int fd = open_file(argv[0]);

	return fd < 0 ? errno : moved(CALL(copy_file_range, source(argv[0]), NULL, fd, NULL, 1, 0));
}

static int uring_write(char **argv)
{
	int fd = open_file(argv[0]);

	return fd < 0 ? errno : moved(uring((struct io_uring_sqe){ .opcode = IORING_OP_WRITE, .fd = fd,
								   .addr = (unsigned long)byte, .len = 1 }));
}

static int uring_writev(char **argv)
{
	int fd = open_file(argv[0]);

	return fd < 0 ? errno : moved(uring((struct io_uring_sqe){ .opcode = IORING_OP_WRITEV, .fd = fd,
								   .addr = (unsigned long)vector(), .len = 1 }));
}

static int uring_splice(char **argv)
{
	int fd = open_file(argv[0]), ends[2];

	if (fd < 0)
		return errno;
	if (pipe(ends) || write(ends[1], byte, 1) != 1)
		failed(SETUP, "pipe");
	return moved(uring((struct io_uring_sqe){ .opcode = IORING_OP_SPLICE, .fd = fd, .off = 0, .splice_fd_in = ends[0],
						  .splice_off_in = -1, .len = 1 }));
}

static int uring_fallocate(char **argv)
{
	int fd = open_file(argv[0]);

	return fd < 0 ? errno : status(uring((struct io_uring_sqe){ .opcode = IORING_OP_FALLOCATE, .fd = fd, .addr = 4096 }));
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "truncate", by_truncate, 1 }, { "truncate64", by_truncate64, 1 }, { "ftruncate", by_ftruncate, 1 },
		{ "fallocate", by_fallocate, 1 }, { "mmap", by_mmap, 1 }, { "mem", by_mem, 1 }, { "pwrite", by_pwrite, 1 },
		{ "writev", by_writev, 1 }, { "aio", by_aio, 1 }, { "splice", by_splice, 1 }, { "vmsplice", by_vmsplice, 1 },
		{ "sendfile", by_sendfile, 1 }, { "copy", by_copy, 1 }, { "uring-write", uring_write, 1 },
		{ "uring-writev", uring_writev, 1 }, { "uring-splice", uring_splice, 1 }, { "uring-fallocate", uring_fallocate, 1 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
