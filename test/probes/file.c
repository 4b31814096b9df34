/*
 * file HOW PATH   One access to a file: read, append, truncate, create, openat2, creat, unlink, rename (to PATH.moved),
 * link (to PATH.linked), mkdir. Exit status: see probe.h.
 */
#include "probe.h"
#include <linux/openat2.h>

static int appended(int fd)
{
	if (fd < 0)
		return errno;
	return write(fd, "x", 1) == 1 ? 0 : errno;
}

static int beside(int (*call)(const char *, const char *), const char *path, const char *suffix)
{
	char other[4096];

	snprintf(other, sizeof(other), "%s%s", path, suffix);
	return call(path, other) ? errno : 0;
}

int main(int argc, char **argv)
{
	const char *how = argc == 3 ? argv[1] : "", *path = argv[2];
	struct open_how read_write = { .flags = O_WRONLY | O_APPEND };
	char byte;
	int fd;

	if (!strcmp(how, "read")) {
		fd = open(path, O_RDONLY);
		return fd < 0 ? errno : read(fd, &byte, 1) < 0 ? errno : 0;
	}
	if (!strcmp(how, "append"))
		return appended(open(path, O_WRONLY | O_APPEND));
	if (!strcmp(how, "openat2"))
		return appended(syscall(SYS_openat2, AT_FDCWD, path, &read_write, sizeof(read_write)));
	if (!strcmp(how, "create"))
		return appended(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
	if (!strcmp(how, "creat"))
		return appended(creat(path, 0600));
	if (!strcmp(how, "truncate"))
		return truncate(path, 0) ? errno : 0;
	if (!strcmp(how, "unlink"))
		return unlink(path) ? errno : 0;
	if (!strcmp(how, "rename"))
		return beside(rename, path, ".moved");
	if (!strcmp(how, "mkdir"))
		return mkdir(path, 0700) ? errno : 0;
	if (!strcmp(how, "link"))
		return beside(link, path, ".linked");
	return USAGE;
}
