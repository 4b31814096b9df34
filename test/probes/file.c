/*
 * file HOW[/32] PATH   One access to the file PATH, mostly by its name. OTHER is PATH.other and is made if need be.
 *   read append create                   open(2) and one byte
 *   set VALUE                            writes VALUE in one write
 *   truncate                             to nothing
 *   unlink unlinkat uring-unlink         its name goes
 *   rename renameat renameat2 uring-rename   to PATH.moved
 *   rename-over exchange replace         OTHER takes its name; both change places; unlinked and made anew
 *   link linkat link-fd uring-link       PATH.linked is made; from a descriptor
 *   symlink symlinkat uring-symlink mkdir mkdirat uring-mkdir mknod mknodat bind   PATH is made, and is that
 *   rmdir uring-rmdir                    the directory PATH goes
 *   chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat   mode 0640; owner 4711
 *   setxattr lsetxattr fsetxattr setxattrat removexattr uring-setxattr acl   security.probe; a POSIX ACL
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include "uring.h"
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#define XATTR "security.probe"

static const char byte[] = "x";

static char *beside(const char *path, const char *suffix)
{
	static char other[4096];

	snprintf(other, sizeof(other), "%s%s", path, suffix);
	return other; /* low, as it is static */
}

static char *made_beside(const char *path)
{
	char *other = beside(path, ".other");
	int fd = open(other, O_WRONLY | O_CREAT, 0600);

	if (fd < 0)
		failed(SETUP, other);
	close(fd);
	return other;
}

static int open_for_reading(const char *path)
{
	return CALL(open, low(path), O_RDONLY);
}

static int by_read(char **argv)
{
	static char got;
	int fd = open_for_reading(argv[0]);

	return fd < 0 ? errno : status(CALL(read, fd, &got, 1));
}

static int appended(int fd)
{
	return fd < 0 ? errno : CALL(write, fd, byte, 1) == 1 ? 0 : errno;
}

static int append(char **argv)
{
	return appended(CALL(open, low(argv[0]), O_WRONLY | O_APPEND));
}

static int create(char **argv)
{
	return appended(CALL(open, low(argv[0]), O_WRONLY | O_CREAT | O_EXCL, 0600));
}

static int set(char **argv)
{
	int fd = CALL(open, low(argv[0]), O_WRONLY);

	return fd < 0 ? errno : CALL(write, fd, low(argv[1]), strlen(argv[1])) < 0 ? errno : 0;
}

static int by_truncate(char **argv)
{
	return status(CALL(truncate, low(argv[0]), 0L));
}

static int by_unlink(char **argv)
{
	return status(CALL(unlink, low(argv[0])));
}

static int by_unlinkat(char **argv)
{
	return status(CALL(unlinkat, AT_FDCWD, low(argv[0]), 0));
}

static int by_rmdir(char **argv)
{
	return status(CALL(rmdir, low(argv[0])));
}

static int by_rename(char **argv)
{
	return status(CALL(rename, low(argv[0]), beside(argv[0], ".moved")));
}

static int by_renameat(char **argv)
{
	return status(CALL(renameat, AT_FDCWD, low(argv[0]), AT_FDCWD, beside(argv[0], ".moved")));
}

static int by_renameat2(char **argv)
{
	return status(CALL(renameat2, AT_FDCWD, low(argv[0]), AT_FDCWD, beside(argv[0], ".moved"), RENAME_NOREPLACE));
}

static int rename_over(char **argv)
{
	return status(CALL(rename, made_beside(argv[0]), low(argv[0])));
}

static int exchange(char **argv)
{
	return status(CALL(renameat2, AT_FDCWD, made_beside(argv[0]), AT_FDCWD, low(argv[0]), RENAME_EXCHANGE));
}

static int replace(char **argv)
{
	int error = by_unlink(argv);

	return error ? error : create(argv);
}

static int by_link(char **argv)
{
	return status(CALL(link, low(argv[0]), beside(argv[0], ".linked")));
}

static int by_linkat(char **argv)
{
	return status(CALL(linkat, AT_FDCWD, low(argv[0]), AT_FDCWD, beside(argv[0], ".linked"), 0));
}

static int link_fd(char **argv)
{
	int fd = CALL(open, low(argv[0]), O_PATH);

	return fd < 0 ? errno : status(CALL(linkat, fd, low(""), AT_FDCWD, beside(argv[0], ".linked"), AT_EMPTY_PATH));
}

static int by_symlink(char **argv)
{
	return status(CALL(symlink, low("/nowhere"), low(argv[0])));
}

static int by_symlinkat(char **argv)
{
	return status(CALL(symlinkat, low("/nowhere"), AT_FDCWD, low(argv[0])));
}

static int by_mkdir(char **argv)
{
	return status(CALL(mkdir, low(argv[0]), 0700));
}

static int by_mkdirat(char **argv)
{
	return status(CALL(mkdirat, AT_FDCWD, low(argv[0]), 0700));
}

static int by_mknod(char **argv)
{
	return status(CALL(mknod, low(argv[0]), S_IFIFO | 0600, 0));
}

static int by_mknodat(char **argv)
{
	return status(CALL(mknodat, AT_FDCWD, low(argv[0]), S_IFIFO | 0600, 0));
}

static int by_bind(char **argv)
{
	static struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, argv[0], sizeof(address.sun_path) - 1);
	return status(CALL(bind, socket(AF_UNIX, SOCK_STREAM, 0), &address, sizeof(address)));
}

static int by_chmod(char **argv)
{
	return status(CALL(chmod, low(argv[0]), 0640));
}

static int by_fchmod(char **argv)
{
	int fd = open_for_reading(argv[0]);

	return fd < 0 ? errno : status(CALL(fchmod, fd, 0640));
}

static int by_fchmodat(char **argv)
{
	return status(CALL(fchmodat, AT_FDCWD, low(argv[0]), 0640));
}

static int by_fchmodat2(char **argv)
{
	return status(CALL(fchmodat2, AT_FDCWD, low(argv[0]), 0640, AT_SYMLINK_NOFOLLOW));
}

static int by_chown(char **argv)
{
	return status(CALL(chown, low(argv[0]), 4711, -1));
}

static int by_lchown(char **argv)
{
	return status(CALL(lchown, low(argv[0]), 4711, -1));
}

static int by_fchown(char **argv)
{
	int fd = open_for_reading(argv[0]);

	return fd < 0 ? errno : status(CALL(fchown, fd, 4711, -1));
}

static int by_fchownat(char **argv)
{
	return status(CALL(fchownat, AT_FDCWD, low(argv[0]), 4711, -1, 0));
}

static int by_setxattr(char **argv)
{
	return status(CALL(setxattr, low(argv[0]), low(XATTR), byte, 1, 0));
}

static int by_lsetxattr(char **argv)
{
	return status(CALL(lsetxattr, low(argv[0]), low(XATTR), byte, 1, 0));
}

static int by_fsetxattr(char **argv)
{
	int fd = open_for_reading(argv[0]);

	return fd < 0 ? errno : status(CALL(fsetxattr, fd, low(XATTR), byte, 1, 0));
}

static int by_setxattrat(char **argv)
{
	static struct { unsigned long long value; unsigned size, flags; } arguments = { .size = 1 };

	arguments.value = (unsigned long)byte;
	return status(CALL(setxattrat, AT_FDCWD, low(argv[0]), 0, low(XATTR), &arguments, sizeof(arguments)));
}

static int by_removexattr(char **argv)
{
	return status(CALL(removexattr, low(argv[0]), low(XATTR)));
}

/* Grants uid 4711 reading, and shows in the mode, whose group part is the mask: another hook than other extended attributes have, since 6.2. */
static int acl(char **argv)
{
	static struct { unsigned version; struct { unsigned short tag, perm; unsigned id; } entries[5]; } acl = {
		2, { { 1, 6, -1 }, { 2, 4, 4711 }, { 4, 4, -1 }, { 16, 6, -1 }, { 32, 4, -1 } } };

	return status(CALL(setxattr, low(argv[0]), low("system.posix_acl_access"), &acl, sizeof(acl), 0));
}

static int uring_unlink_flags(char **argv, unsigned flags)
{
	return status(uring((struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (unsigned long)argv[0],
						   .unlink_flags = flags }));
}

static int uring_unlink(char **argv)
{
	return uring_unlink_flags(argv, 0);
}

static int uring_rmdir(char **argv)
{
	return uring_unlink_flags(argv, AT_REMOVEDIR);
}

static int uring_two(int opcode, const char *from, const char *to)
{
	return status(uring((struct io_uring_sqe){ .opcode = opcode, .fd = AT_FDCWD, .addr = (unsigned long)from, .len = AT_FDCWD,
						   .off = (unsigned long)to }));
}

static int uring_rename(char **argv)
{
	return uring_two(IORING_OP_RENAMEAT, argv[0], beside(argv[0], ".moved"));
}

static int uring_link(char **argv)
{
	return uring_two(IORING_OP_LINKAT, argv[0], beside(argv[0], ".linked"));
}

static int uring_symlink(char **argv)
{
	return status(uring((struct io_uring_sqe){ .opcode = IORING_OP_SYMLINKAT, .fd = AT_FDCWD, .addr = (unsigned long)"/nowhere",
						   .off = (unsigned long)argv[0] }));
}

static int uring_mkdir(char **argv)
{
	return status(uring((struct io_uring_sqe){ .opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = (unsigned long)argv[0],
						   .len = 0700 }));
}

static int uring_setxattr(char **argv)
{
	return status(uring((struct io_uring_sqe){ .opcode = IORING_OP_SETXATTR, .addr = (unsigned long)XATTR, .len = 1,
						   .off = (unsigned long)byte, .addr3 = (unsigned long)argv[0] }));
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "read", by_read, 1 }, { "append", append, 1 }, { "create", create, 1 }, { "set", set, 2 },
		{ "truncate", by_truncate, 1 },
		{ "unlink", by_unlink, 1 }, { "unlinkat", by_unlinkat, 1 }, { "uring-unlink", uring_unlink, 1 },
		{ "rename", by_rename, 1 }, { "renameat", by_renameat, 1 }, { "renameat2", by_renameat2, 1 },
		{ "uring-rename", uring_rename, 1 },
		{ "rename-over", rename_over, 1 }, { "exchange", exchange, 1 }, { "replace", replace, 1 },
		{ "link", by_link, 1 }, { "linkat", by_linkat, 1 }, { "link-fd", link_fd, 1 }, { "uring-link", uring_link, 1 },
		{ "symlink", by_symlink, 1 }, { "symlinkat", by_symlinkat, 1 }, { "uring-symlink", uring_symlink, 1 },
		{ "mkdir", by_mkdir, 1 }, { "mkdirat", by_mkdirat, 1 }, { "uring-mkdir", uring_mkdir, 1 },
		{ "mknod", by_mknod, 1 }, { "mknodat", by_mknodat, 1 }, { "bind", by_bind, 1 },
		{ "rmdir", by_rmdir, 1 }, { "uring-rmdir", uring_rmdir, 1 },
		{ "chmod", by_chmod, 1 }, { "fchmod", by_fchmod, 1 }, { "fchmodat", by_fchmodat, 1 }, { "fchmodat2", by_fchmodat2, 1 },
		{ "chown", by_chown, 1 }, { "lchown", by_lchown, 1 }, { "fchown", by_fchown, 1 }, { "fchownat", by_fchownat, 1 },
		{ "setxattr", by_setxattr, 1 }, { "lsetxattr", by_lsetxattr, 1 }, { "fsetxattr", by_fsetxattr, 1 },
		{ "setxattrat", by_setxattrat, 1 }, { "removexattr", by_removexattr, 1 }, { "uring-setxattr", uring_setxattr, 1 },
		{ "acl", acl, 1 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
