/*
 * capability WHAT PATH   One act that takes one capability: chown PATH to uid 4711 (CAP_CHOWN), mknod a character
 * device PATH (CAP_MKNOD), chroot to PATH (CAP_SYS_CHROOT). Exit status: see probe.h.
 */
#include "probe.h"
#include <sys/sysmacros.h>

int main(int argc, char **argv)
{
	const char *what = argc == 3 ? argv[1] : "", *path = argv[2];

	if (!strcmp(what, "chown"))
		return chown(path, 4711, -1) ? errno : 0;
	if (!strcmp(what, "mknod"))
		return mknod(path, S_IFCHR | 0600, makedev(1, 3)) ? errno : 0;
	if (!strcmp(what, "chroot"))
		return chroot(path) ? errno : 0;
	return USAGE;
}
