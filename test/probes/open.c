/*
 * open HOW[/32] PATH   Opens PATH for appending, and appends one byte. PATH exists, but for tmpfile, create and uring-create.
 *   open openat openat2 creat   the system calls; creat also empties
 *   create tmpfile              a new file: O_CREAT | O_EXCL; O_TMPFILE and then linkat
 *   handle                      open_by_handle_at
 *   opath reopen                from an O_PATH or read-only descriptor, by /proc/self/fd
 *   dirfd chdir                 its name in its directory
 *   uring uring2 uring-create   io_uring: OPENAT, OPENAT2, OPENAT with O_CREAT
 *   uring-async uring-poll      by a worker of io_uring; by a ring's own thread
 *   uring-slot                  into a slot of the ring, without a descriptor, and written there
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include "uring.h"
#include <libgen.h>
#include <linux/openat2.h>

#define APPEND (O_WRONLY | O_APPEND)

static const char byte[] = "x";

static int appended(int fd)
{
	if (fd < 0)
		return errno;
	return CALL(write, fd, byte, 1) == 1 ? 0 : errno;
}

static int by_open(char **argv)
{
	return appended(CALL(open, low(argv[0]), APPEND));
}

static int by_openat(char **argv)
{
	return appended(CALL(openat, AT_FDCWD, low(argv[0]), APPEND));
}

static int by_openat2(char **argv)
{
	static struct open_how how = { .flags = APPEND };

	return appended(CALL(openat2, AT_FDCWD, low(argv[0]), &how, sizeof(how)));
}

static int by_creat(char **argv)
{
	return appended(CALL(creat, low(argv[0]), 0600));
}

static int create(char **argv)
{
	return appended(CALL(open, low(argv[0]), APPEND | O_CREAT | O_EXCL, 0600));
}

static int tmpfile_linked(char **argv)
{
	char link[64];
	int fd = CALL(openat, AT_FDCWD, low(dirname(strdup(argv[0]))), O_WRONLY | O_TMPFILE, 0600);

	if (fd < 0)
		return errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (CALL(linkat, AT_FDCWD, low(link), AT_FDCWD, low(argv[0]), AT_SYMLINK_FOLLOW))
		return errno;
	return appended(fd);
}

static int handle(char **argv)
{
	static struct { struct file_handle head; unsigned char bytes[MAX_HANDLE_SZ]; } handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	static int mount_id;
	int mount = open(dirname(strdup(argv[0])), O_RDONLY | O_DIRECTORY);

	if (CALL(name_to_handle_at, AT_FDCWD, low(argv[0]), &handle, &mount_id, 0))
		return errno;
	return appended(CALL(open_by_handle_at, mount, &handle, APPEND));
}

static int again(char **argv, int flags)
{
	char link[64];
	int fd = CALL(open, low(argv[0]), flags);

	if (fd < 0)
		return errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return appended(CALL(open, low(link), APPEND));
}

static int opath(char **argv)
{
	return again(argv, O_PATH);
}

static int reopen(char **argv)
{
	return again(argv, O_RDONLY);
}

static int dirfd_open(char **argv)
{
	int directory = CALL(open, low(dirname(strdup(argv[0]))), O_PATH);

	return directory < 0 ? errno : appended(CALL(openat, directory, low(basename(argv[0])), APPEND));
}

static int chdir_open(char **argv)
{
	if (CALL(chdir, low(dirname(strdup(argv[0])))))
		return errno;
	return appended(CALL(open, low(basename(argv[0])), APPEND));
}

static struct io_uring_sqe openat_entry(const char *path, int flags)
{
	return (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)path,
				      .open_flags = flags, .len = 0600 };
}

static int by_uring(char **argv)
{
	return appended(uring(openat_entry(argv[0], APPEND)));
}

static int by_uring2(char **argv)
{
	struct open_how how = { .flags = APPEND };

	return appended(uring((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT2, .fd = AT_FDCWD, .addr = (unsigned long)argv[0],
						     .len = sizeof(how), .off = (unsigned long)&how }));
}

static int uring_create(char **argv)
{
	return appended(uring(openat_entry(argv[0], APPEND | O_CREAT | O_EXCL)));
}

static int uring_async(char **argv)
{
	struct io_uring_sqe entry = openat_entry(argv[0], APPEND);

	entry.flags = IOSQE_ASYNC;
	return appended(uring(entry));
}

static int uring_poll(char **argv)
{
	struct ring ring;

	return ring_open(&ring, IORING_SETUP_SQPOLL) ? errno : appended(ring_do(&ring, openat_entry(argv[0], APPEND)));
}

static int uring_slot(char **argv)
{
	static int slots[] = { -1 };
	struct io_uring_sqe entry = openat_entry(argv[0], APPEND);
	struct ring ring;

	if (ring_open(&ring, 0) || CALL(io_uring_register, ring.fd, IORING_REGISTER_FILES, slots, 1) < 0)
		return errno;
	entry.file_index = 1; /* slot 0 */
	if (ring_do(&ring, entry) < 0)
		return errno;
	return ring_do(&ring, (struct io_uring_sqe){ .opcode = IORING_OP_WRITE, .fd = 0, .flags = IOSQE_FIXED_FILE,
						     .addr = (unsigned long)byte, .len = 1 }) == 1 ? 0 : errno;
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "open", by_open, 1 }, { "openat", by_openat, 1 }, { "openat2", by_openat2, 1 }, { "creat", by_creat, 1 },
		{ "create", create, 1 }, { "tmpfile", tmpfile_linked, 1 }, { "handle", handle, 1 },
		{ "opath", opath, 1 }, { "reopen", reopen, 1 }, { "dirfd", dirfd_open, 1 }, { "chdir", chdir_open, 1 },
		{ "uring", by_uring, 1 }, { "uring2", by_uring2, 1 }, { "uring-create", uring_create, 1 },
		{ "uring-async", uring_async, 1 }, { "uring-poll", uring_poll, 1 }, { "uring-slot", uring_slot, 1 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
