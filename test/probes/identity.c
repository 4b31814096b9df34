/*
 * identity HOW[/32] [HOLD]   Becomes somebody else, from root; then stays while the host looks (probe.h).
 *   setuid setreuid setresuid setfsuid, setgid setregid setresgid setfsgid   4711; setfs?id report nothing: EPERM here means
 *                                                                           that it did not happen
 *   uid16 gid16              the 32-bit entry's calls with 16-bit ids
 *   setgroups                4711 only
 *   capset                   no effective capability
 *   bounding ambient securebits   prctl: drops CAP_AUDIT_WRITE from the bounding set; makes CAP_CHOWN ambient; sets KEEP_CAPS
 * identity file-caps|set-uid HOLD   as uid 4711, executes a copy of this program that has CAP_CHOWN in its file capabilities, or
 *                            the set-user-id bit. Without either it would hold as uid 4711 without capabilities.
 * identity as UID PROGRAM [ARG...]   executes PROGRAM as somebody without privilege.
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#define OTHER 4711L

/* The 32-bit entry has "setuid" for 16-bit ids and "setuid32". */
#define CALL_ID(name, ...) call(SYS_##name, NR32_##name##32, __VA_ARGS__)

static int held(int error, char **argv)
{
	hold(argv[0]);
	return error;
}

#define BY(name, ...)                                                \
	static int by_##name(char **argv)                            \
	{                                                            \
		return held(status(CALL_ID(name, __VA_ARGS__)), argv); \
	}

BY(setuid, OTHER)
BY(setreuid, OTHER, OTHER)
BY(setresuid, OTHER, OTHER, OTHER)
BY(setgid, OTHER)
BY(setregid, OTHER, OTHER)
BY(setresgid, OTHER, OTHER, OTHER)

static int by_setfsuid(char **argv)
{
	CALL_ID(setfsuid, OTHER);
	return held(CALL_ID(setfsuid, -1L) == OTHER ? 0 : EPERM, argv);
}

static int by_setfsgid(char **argv)
{
	CALL_ID(setfsgid, OTHER);
	return held(CALL_ID(setfsgid, -1L) == OTHER ? 0 : EPERM, argv);
}

static int uid16(char **argv)
{
	return held(status(call32(NR32_setuid, OTHER, 0, 0, 0, 0, 0)), argv);
}

static int gid16(char **argv)
{
	return held(status(call32(NR32_setgid, OTHER, 0, 0, 0, 0, 0)), argv);
}

static int by_setgroups(char **argv)
{
	static gid_t groups[] = { OTHER };

	return held(status(CALL_ID(setgroups, 1L, groups)), argv);
}

static struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
static struct __user_cap_data_struct sets[2];

static void get_capabilities(void)
{
	if (syscall(SYS_capget, &header, sets))
		failed(SETUP, "capget");
}

static int by_capset(char **argv)
{
	get_capabilities();
	sets[0].effective = sets[1].effective = 0;
	return held(status(CALL(capset, &header, sets)), argv);
}

static int bounding(char **argv)
{
	return held(status(CALL(prctl, PR_CAPBSET_DROP, (long)CAP_AUDIT_WRITE, 0L, 0L, 0L)), argv);
}

/* Must be inheritable first, which root's capabilities in a container are not. */
static int ambient(char **argv)
{
	get_capabilities();
	sets[0].inheritable |= 1 << CAP_CHOWN;
	if (CALL(capset, &header, sets))
		return held(errno, argv);
	return held(status(CALL(prctl, PR_CAP_AMBIENT, (long)PR_CAP_AMBIENT_RAISE, (long)CAP_CHOWN, 0L, 0L)), argv);
}

static int securebits(char **argv)
{
	return held(status(CALL(prctl, PR_SET_SECUREBITS, (long)SECBIT_KEEP_CAPS, 0L, 0L, 0L)), argv);
}

static void become(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		exit(errno);
}

static int through_copy(const char *file, char *const argv[], int (*mark)(const char *file))
{
	int from = open("/proc/self/exe", O_RDONLY), to = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	struct stat stat;

	if (from < 0 || to < 0 || fstat(from, &stat) || sendfile(to, from, NULL, stat.st_size) != stat.st_size || close(to) || mark(file))
		failed(SETUP, file);
	become(OTHER);
	execv(file, argv);
	return errno;
}

static int give_capability(const char *file)
{
	struct vfs_cap_data data = { .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, .data[0].permitted = 1 << CAP_CHOWN };

	return setxattr(file, "security.capability", &data, sizeof(data), 0);
}

static int set_uid(const char *file)
{
	return chmod(file, 04755);
}

static int file_caps(char **argv)
{
	return through_copy("/tmp/with-capability", (char *const[]){ "identity", "only-hold", argv[0], NULL }, give_capability);
}

static int set_uid_file(char **argv)
{
	return through_copy("/tmp/set-uid", (char *const[]){ "identity", "only-hold", argv[0], NULL }, set_uid);
}

static int only_hold(char **argv)
{
	return held(0, argv);
}

static int as(char **argv)
{
	become(atoi(argv[0]));
	execv(argv[1], argv + 1);
	return errno;
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "setuid", by_setuid, 0 }, { "setreuid", by_setreuid, 0 }, { "setresuid", by_setresuid, 0 },
		{ "setfsuid", by_setfsuid, 0 }, { "setgid", by_setgid, 0 }, { "setregid", by_setregid, 0 },
		{ "setresgid", by_setresgid, 0 }, { "setfsgid", by_setfsgid, 0 }, { "uid16", uid16, 0 }, { "gid16", gid16, 0 },
		{ "setgroups", by_setgroups, 0 }, { "capset", by_capset, 0 }, { "bounding", bounding, 0 },
		{ "ambient", ambient, 0 }, { "securebits", securebits, 0 },
		{ "file-caps", file_caps, 1 }, { "set-uid", set_uid_file, 1 }, { "only-hold", only_hold, 1 }, { "as", as, 2 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
