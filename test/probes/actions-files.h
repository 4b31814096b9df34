/*
 * Actions on files. Each needs a file of its own, which somebody has prepared and clears away: what takes a name away or makes
 * one cannot be undone by who may be denied that.
 *   read write append PATH              opens it for that
 *   chmod chown truncate setxattr PATH  mode 0640; group 4711; one byte; security.probe
 *   unlink rmdir PATH                   its name goes
 *   mkdir mknod symlink PATH            PATH is made, and is that; mknod makes a FIFO
 *   link rename OLD NEW                 OLD gets the name NEW
 *   exec PATH ARGUMENT                  executes PATH, a copy of this program
 *   map PATH                            opens it for reading, and maps it as code
 */
#include <sys/xattr.h>

static void opened(const char *path, int flags)
{
	int fd = open(path, flags);

	did(fd);
	close(fd);
}

static void by_read(char **argv)
{
	opened(argv[0], O_RDONLY);
}

static void by_write(char **argv)
{
	opened(argv[0], O_WRONLY);
}

static void by_append(char **argv)
{
	opened(argv[0], O_WRONLY | O_APPEND);
}

static void by_chmod(char **argv)
{
	did(chmod(argv[0], 0640));
}

static void by_chown(char **argv)
{
	did(chown(argv[0], -1, 4711));
}

static void by_truncate(char **argv)
{
	did(truncate(argv[0], 1));
}

static void by_setxattr(char **argv)
{
	did(setxattr(argv[0], "security.probe", "x", 1, 0));
}

static void by_unlink(char **argv)
{
	did(unlink(argv[0]));
}

static void by_rmdir(char **argv)
{
	did(rmdir(argv[0]));
}

static void by_mkdir(char **argv)
{
	did(mkdir(argv[0], 0700));
}

static void by_mknod(char **argv)
{
	did(mknod(argv[0], S_IFIFO | 0600, 0));
}

static void by_symlink(char **argv)
{
	did(symlink("/nowhere", argv[0]));
}

static void by_link(char **argv)
{
	did(link(argv[0], argv[1]));
}

static void by_rename(char **argv)
{
	did(rename(argv[0], argv[1]));
}

static void by_exec(char **argv)
{
	pid_t child = made_child();

	if (!child) {
		execv(argv[0], (char *[]){ argv[0], argv[1], "nothing", NULL });
		_exit(errno);
	}
	did_errno(status_of(child));
}

static void by_map(char **argv)
{
	int fd = open(argv[0], O_RDONLY);
	void *code;

	if (!did(fd))
		return;
	code = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	did_errno(code == MAP_FAILED ? errno : 0);
	if (code != MAP_FAILED)
		munmap(code, 1);
	close(fd);
}
