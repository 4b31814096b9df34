/*
 * fsmount FSTYPE TARGET   The newer way to mount: fsopen, fsconfig, fsmount, move_mount. One line per step.
 * "tree:/path" as FSTYPE clones a mount with open_tree instead. Exit status: the errno of the first step that failed.
 */
#include "probe.h"
#include <linux/mount.h>

static long made(const char *type)
{
	long fs = step("fsopen", syscall(SYS_fsopen, type, FSOPEN_CLOEXEC));

	if (fs < 0)
		return fs;
	syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", "probe", 0); /* some types refuse it, none needs it */
	if (step("fsconfig", syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) < 0)
		return -1;
	return step("fsmount", syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0));
}

static long cloned(const char *path)
{
	return step("open_tree", syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return USAGE;
	mkdir(argv[2], 0755);

	long mount = strncmp(argv[1], "tree:", 5) ? made(argv[1]) : cloned(argv[1] + 5);

	if (mount < 0)
		return errno;
	return step("move_mount", syscall(SYS_move_mount, mount, "", AT_FDCWD, argv[2], MOVE_MOUNT_F_EMPTY_PATH)) < 0 ? errno : 0;
}
