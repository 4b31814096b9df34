/*
 * mount HOW[/32] ...   A change to what is mounted where. What it mounted stays, for the host to see; TARGET and TO are
 * made if need be.
 *   new TYPE TARGET [DATA]      mount(2) of a file system
 *   fsopen TYPE TARGET          fsopen, fsconfig, fsmount, move_mount
 *   bind FROM TARGET            mount(2) with MS_BIND
 *   rbind FROM TARGET           the same with all that is mounted below
 *   tree FROM TARGET            open_tree with OPEN_TREE_CLONE, move_mount
 *   detached FROM               open_tree alone: a mount in no tree, but usable
 *   move FROM TO                MS_MOVE
 *   move_mount FROM TO
 *   remount TARGET              read-only, MS_REMOUNT | MS_BIND
 *   reconfigure TARGET          its file system, MS_REMOUNT
 *   fspick TARGET               the same, fspick and fsconfig
 *   setattr TARGET              read-only, mount_setattr
 *   tree_attr FROM              open_tree_attr: a mount in no tree, read-only (since 6.15)
 *   shared TARGET               propagation, MS_SHARED
 *   umount TARGET               umount2 without flags; the 32-bit entry has a call of its own
 *   detach TARGET               umount2 with MNT_DETACH
 *   pivot DIR HOLD              pivot_root to the mount DIR, in a mount namespace of its own; stays while the host looks (probe.h);
 *                               HOLD is in DIR
 * One line per step of the longer ones. Exit status: the errno of the first step that failed.
 */
#include "probe.h"
#include "call.h"
#include <libgen.h>
#include <linux/mount.h>
#include <sched.h>

/* libc's header has these in a clash with the kernel's. */
#define MS_REC 16384
#define MNT_DETACH 2

static char nothing[] = "";

static int mount_call(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	return CALL(mount, low(source), low(target), low(type), flags, low(data));
}

static int by_mount(char **argv)
{
	mkdir(argv[1], 0755);
	return status(mount_call("probe", argv[1], argv[0], 0, argv[2]));
}

static int attach(long mount, const char *target)
{
	return status(step("move_mount", CALL(move_mount, mount, nothing, AT_FDCWD, low(target), MOVE_MOUNT_F_EMPTY_PATH)));
}

static int by_fsopen(char **argv)
{
	long fs, mount;

	mkdir(argv[1], 0755);
	fs = step("fsopen", CALL(fsopen, low(argv[0]), FSOPEN_CLOEXEC));
	if (fs < 0)
		return errno;
	/* Some types refuse a source, none needs it. */
	CALL(fsconfig, fs, FSCONFIG_SET_STRING, low("source"), low("probe"), 0);
	if (step("fsconfig", CALL(fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) < 0)
		return errno;
	mount = step("fsmount", CALL(fsmount, fs, FSMOUNT_CLOEXEC, 0));
	return mount < 0 ? errno : attach(mount, argv[1]);
}

static int bind(char **argv)
{
	mkdir(argv[1], 0755);
	return status(mount_call(argv[0], argv[1], NULL, MS_BIND, NULL));
}

static int rbind(char **argv)
{
	mkdir(argv[1], 0755);
	return status(mount_call(argv[0], argv[1], NULL, MS_BIND | MS_REC, NULL));
}

static long cloned(const char *path)
{
	return step("open_tree", CALL(open_tree, AT_FDCWD, low(path), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

static int tree(char **argv)
{
	long mount = cloned(argv[0]);

	if (mount < 0)
		return errno;
	mkdir(argv[1], 0755);
	return attach(mount, argv[1]);
}

static int detached(char **argv)
{
	return status(cloned(argv[0]));
}

static int by_move(char **argv)
{
	mkdir(argv[1], 0755);
	return status(mount_call(argv[0], argv[1], NULL, MS_MOVE, NULL));
}

static int by_move_mount(char **argv)
{
	mkdir(argv[1], 0755);
	return status(CALL(move_mount, AT_FDCWD, low(argv[0]), AT_FDCWD, low(argv[1]), 0));
}

static int remount(char **argv)
{
	return status(mount_call(NULL, argv[0], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
}

static int reconfigure(char **argv)
{
	return status(mount_call(NULL, argv[0], NULL, MS_REMOUNT | MS_RDONLY, NULL));
}

static int by_fspick(char **argv)
{
	long fs = step("fspick", CALL(fspick, AT_FDCWD, low(argv[0]), FSPICK_CLOEXEC));

	if (fs < 0)
		return errno;
	if (step("fsconfig ro", CALL(fsconfig, fs, FSCONFIG_SET_FLAG, low("ro"), NULL, 0)) < 0)
		return errno;
	return status(step("fsconfig reconfigure", CALL(fsconfig, fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)));
}

static struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };

static int setattr(char **argv)
{
	return status(CALL(mount_setattr, AT_FDCWD, low(argv[0]), 0, &read_only, sizeof(read_only)));
}

static int tree_attr(char **argv)
{
	return status(CALL(open_tree_attr, AT_FDCWD, low(argv[0]), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, &read_only, sizeof(read_only)));
}

static int shared(char **argv)
{
	return status(mount_call(NULL, argv[0], NULL, MS_SHARED, NULL));
}

static int by_umount(char **argv)
{
	return status(entry32 ? call32(NR32_umount, (long)low(argv[0]), 0, 0, 0, 0, 0) : syscall(SYS_umount2, argv[0], 0));
}

static int detach(char **argv)
{
	return status(CALL(umount2, low(argv[0]), MNT_DETACH));
}

static int pivot(char **argv)
{
	int error;

	if (unshare(CLONE_NEWNS) || chdir(argv[0]))
		return errno;
	error = status(CALL(pivot_root, low("."), low(".")));
	hold(basename(argv[1])); /* the old root is under the new one: only a relative name still leads there */
	return error;
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "new", by_mount, 2 }, { "fsopen", by_fsopen, 2 }, { "bind", bind, 2 }, { "rbind", rbind, 2 }, { "tree", tree, 2 },
		{ "detached", detached, 1 }, { "move", by_move, 2 }, { "move_mount", by_move_mount, 2 },
		{ "remount", remount, 1 }, { "reconfigure", reconfigure, 1 }, { "fspick", by_fspick, 1 }, { "setattr", setattr, 1 },
		{ "tree_attr", tree_attr, 1 }, { "shared", shared, 1 }, { "umount", by_umount, 1 }, { "detach", detach, 1 },
		{ "pivot", pivot, 2 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
