/*
 * alias HOW[/32] PATH   Appends one byte to PATH under another name, which is gone afterwards. D is PATH's directory.
 *   symlink symlink-dir         a symbolic link to PATH, to D
 *   dotdot proc-root proc-cwd   other spellings: D/../..., /proc/self/root/..., /proc/self/cwd/...
 *   link link-fd                a hard link; of an O_PATH descriptor
 *   bind bind-dir               a bind mount of PATH, of D
 *   tree tree-move              D as a detached mount, by its descriptor; attached elsewhere
 *   chroot                      D as the root
 *   rename rename-dir           PATH under another name; D under another name
 *   exchange-dir                D and another directory change names
 *   unmounted                   the directory of a mount that is detached already: a bind mount of D, entered, unmounted
 *   userns-bind                 a bind mount of D in a user namespace
 *   overlay                     D as the lower layer of an overlay: a write does not reach PATH, so a byte of it is read, and appended
 *                               to OUT (the next argument)
 * Exit status: the errno of the first step that failed, of making the name or of using it.
 */
#include "probe.h"
#include "call.h"
#include <libgen.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/wait.h>

/* libc's header has these in a clash with the kernel's. */
#define MNT_DETACH 2
#define MS_REC 16384

#define FILE_ALIAS "/tmp/alias"
#define DIR_ALIAS "/tmp/alias.d"

static char *directory(char **argv)
{
	return dirname(strdup(argv[0]));
}

static char *name(char **argv)
{
	return basename(strdup(argv[0]));
}

static char *join(const char *first, const char *second)
{
	char *joined;

	if (asprintf(&joined, "%s/%s", first, second) < 0)
		failed(SETUP, "asprintf");
	return joined;
}

static int append_at(int base, const char *path)
{
	int fd = CALL(openat, (long)base, low(path), (long)(O_WRONLY | O_APPEND)), error;

	if (fd < 0)
		return errno;
	error = write(fd, "x", 1) == 1 ? 0 : errno;
	close(fd);
	return error;
}

static int append(const char *path)
{
	return append_at(AT_FDCWD, path);
}

static int by_symlink(char **argv)
{
	int error = status(CALL(symlink, low(argv[0]), low(FILE_ALIAS)));

	error = error ? error : append(FILE_ALIAS);
	unlink(FILE_ALIAS);
	return error;
}

static int symlink_dir(char **argv)
{
	int error = status(CALL(symlink, low(directory(argv)), low(FILE_ALIAS)));

	error = error ? error : append(join(FILE_ALIAS, name(argv)));
	unlink(FILE_ALIAS);
	return error;
}

static int dotdot(char **argv)
{
	return append(join(directory(argv), join("../../../../../..", argv[0])));
}

static int proc_root(char **argv)
{
	return append(join("/proc/self/root", argv[0]));
}

static int proc_cwd(char **argv)
{
	return CALL(chdir, low(directory(argv))) ? errno : append(join("/proc/self/cwd", name(argv)));
}

/* Hard links must stay in PATH's file system. */
static int appended_link(char **argv, int error)
{
	const char *alias = join(directory(argv), "../alias.link");

	error = error ? error : append(alias);
	unlink(alias);
	return error;
}

static int by_link(char **argv)
{
	return appended_link(argv, status(CALL(link, low(argv[0]), low(join(directory(argv), "../alias.link")))));
}

static int link_fd(char **argv)
{
	int fd = CALL(open, low(argv[0]), (long)O_PATH);

	return fd < 0 ? errno : appended_link(argv, status(CALL(linkat, (long)fd, low(""), (long)AT_FDCWD,
								low(join(directory(argv), "../alias.link")), (long)AT_EMPTY_PATH)));
}

static int bind_mount(const char *from, const char *to)
{
	return status(CALL(mount, low(from), low(to), NULL, (long)MS_BIND, NULL));
}

static void unmount(const char *path)
{
	syscall(SYS_umount2, path, MNT_DETACH);
}

static int bind(char **argv)
{
	int error;

	close(open(FILE_ALIAS, O_CREAT | O_WRONLY, 0600));
	error = bind_mount(argv[0], FILE_ALIAS);
	if (!error) {
		error = append(FILE_ALIAS);
		unmount(FILE_ALIAS);
	}
	unlink(FILE_ALIAS);
	return error;
}

static int bind_dir(char **argv)
{
	int error;

	mkdir(DIR_ALIAS, 0755);
	error = bind_mount(directory(argv), DIR_ALIAS);
	if (!error) {
		error = append(join(DIR_ALIAS, name(argv)));
		unmount(DIR_ALIAS);
	}
	rmdir(DIR_ALIAS);
	return error;
}

static long open_tree(char **argv)
{
	return CALL(open_tree, (long)AT_FDCWD, low(directory(argv)), (long)(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

static int tree(char **argv)
{
	long fd = open_tree(argv);

	return fd < 0 ? errno : append_at(fd, name(argv));
}

static int tree_move(char **argv)
{
	long fd = open_tree(argv);
	int error;

	if (fd < 0)
		return errno;
	mkdir(DIR_ALIAS, 0755);
	error = status(CALL(move_mount, fd, low(""), (long)AT_FDCWD, low(DIR_ALIAS), (long)MOVE_MOUNT_F_EMPTY_PATH));
	if (!error) {
		error = append(join(DIR_ALIAS, name(argv)));
		unmount(DIR_ALIAS);
	}
	rmdir(DIR_ALIAS);
	return error;
}

static int by_chroot(char **argv)
{
	if (CALL(chroot, low(directory(argv))))
		return errno;
	return append(join("", name(argv)));
}

static int by_rename(char **argv)
{
	const char *alias = join(directory(argv), "alias.moved");
	int error = status(CALL(rename, low(argv[0]), low(alias)));

	if (error)
		return error;
	error = append(alias);
	rename(alias, argv[0]);
	return error;
}

static int rename_dir(char **argv)
{
	char *from = directory(argv), *to = join(dirname(strdup(from)), "alias.moved");
	int error = status(CALL(rename, low(from), low(to)));

	if (error)
		return error;
	error = append(join(to, name(argv)));
	rename(to, from);
	return error;
}

static int exchange(const char *one, const char *other)
{
	return status(CALL(renameat2, (long)AT_FDCWD, low(one), (long)AT_FDCWD, low(other), (long)RENAME_EXCHANGE));
}

static int exchange_dir(char **argv)
{
	char *from = directory(argv), *to = join(dirname(strdup(from)), "alias.other");
	int error;

	mkdir(to, 0755);
	error = exchange(from, to);
	if (!error) {
		error = append(join(to, name(argv)));
		exchange(from, to);
	}
	rmdir(to);
	return error;
}

static int unmounted(char **argv)
{
	int error, fd;

	mkdir(DIR_ALIAS, 0755);
	error = bind_mount(directory(argv), DIR_ALIAS);
	if (error)
		return error;
	fd = CALL(open, low(DIR_ALIAS), (long)O_PATH);
	unmount(DIR_ALIAS);
	rmdir(DIR_ALIAS);
	return fd < 0 ? errno : append_at(fd, name(argv));
}

static int userns_bind(char **argv)
{
	if (CALL(unshare, (long)(CLONE_NEWUSER | CLONE_NEWNS)))
		return errno;
	return bind_dir(argv);
}

static int overlay(char **argv)
{
	char *options, byte;
	int error, fd, out;

	mkdir(DIR_ALIAS, 0755);
	if (asprintf(&options, "lowerdir=%s:%s", directory(argv), DIR_ALIAS) < 0)
		failed(SETUP, "asprintf");
	error = status(CALL(mount, low("alias"), low(DIR_ALIAS), low("overlay"), 0L, low(options)));
	if (error)
		return error;
	fd = CALL(open, low(join(DIR_ALIAS, name(argv))), (long)O_RDONLY);
	error = status(fd);
	if (!error) {
		out = open(argv[1], O_WRONLY | O_APPEND);
		error = read(fd, &byte, 1) != 1 || write(out, &byte, 1) != 1 ? errno : 0;
		close(fd);
	}
	unmount(DIR_ALIAS);
	rmdir(DIR_ALIAS);
	return error;
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "symlink", by_symlink, 1 }, { "symlink-dir", symlink_dir, 1 }, { "dotdot", dotdot, 1 }, { "proc-root", proc_root, 1 },
		{ "proc-cwd", proc_cwd, 1 }, { "link", by_link, 1 }, { "link-fd", link_fd, 1 }, { "bind", bind, 1 },
		{ "bind-dir", bind_dir, 1 }, { "tree", tree, 1 }, { "tree-move", tree_move, 1 }, { "chroot", by_chroot, 1 },
		{ "rename", by_rename, 1 }, { "rename-dir", rename_dir, 1 }, { "exchange-dir", exchange_dir, 1 },
		{ "unmounted", unmounted, 1 }, { "userns-bind", userns_bind, 1 }, { "overlay", overlay, 2 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
