/*
 *   capability NAME   One act that takes this capability, in a child: what it changes is the child's, or was so before. EINVAL, which reboot(2) says of its
 *                     wrong magic numbers, comes behind the question.
 * chown and fowner have the files own and foreign, of uid 0 and of uid 4711.
 */
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

#define OWN_FILE "/shared/agreement/capabilities/own"
#define FOREIGN_FILE "/shared/agreement/capabilities/foreign"
#define DEVICE_FILE "/shared/agreement/capabilities/device"

static long sys_admin(void)
{
	struct utsname names;

	must(uname(&names), "uname");
	return sethostname(names.nodename, strlen(names.nodename));
}

static long ipc_lock(void)
{
	static char page[4096] __attribute__((aligned(4096)));
	struct rlimit none;

	must(getrlimit(RLIMIT_MEMLOCK, &none), "limit");
	none.rlim_cur = 0;
	must(setrlimit(RLIMIT_MEMLOCK, &none), "limit");
	return mlock(page, sizeof(page));
}

static long made_device(void)
{
	long result = mknod(DEVICE_FILE, S_IFCHR | 0600, makedev(1, 3));

	if (!result)
		unlink(DEVICE_FILE);
	return result;
}

static long net_admin(void)
{
	return setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, SO_RCVBUFFORCE, &(int){ 65536 }, sizeof(int));
}

static long setfcap(void)
{
	static const struct vfs_cap_data none = { .magic_etc = VFS_CAP_REVISION_2 };

	return setxattr(OWN_FILE, "security.capability", &none, sizeof(none), 0);
}

static long sys_boot(void)
{
	long result = syscall(SYS_reboot, 0, 0, 0, NULL);

	return result < 0 && errno == EINVAL ? 0 : result;
}

static long sys_nice(void)
{
	struct { unsigned size, policy; unsigned long long flags; int nice; unsigned priority; unsigned long long times[3]; }
		attributes = { .size = 48, .nice = -1 };

	return syscall(SYS_sched_setattr, 0, &attributes, 0);
}

static long sys_resource(void)
{
	must(setrlimit(RLIMIT_MSGQUEUE, &(struct rlimit){ 1000, 1000 }), "limit");
	return setrlimit(RLIMIT_MSGQUEUE, &(struct rlimit){ 1001, 1001 });
}

static long sys_time(void)
{
	struct timex same = { 0 };

	must(adjtimex(&same), "adjtimex");
	same.modes = ADJ_TICK;
	return adjtimex(&same);
}

static long used(const char *name)
{
	if (!strcmp(name, "CHOWN"))
		return chown(OWN_FILE, 0, 4711);
	if (!strcmp(name, "FOWNER"))
		return chmod(FOREIGN_FILE, 0600);
	if (!strcmp(name, "IPC_LOCK"))
		return ipc_lock();
	if (!strcmp(name, "MKNOD"))
		return made_device();
	if (!strcmp(name, "NET_ADMIN"))
		return net_admin();
	if (!strcmp(name, "NET_RAW"))
		return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (!strcmp(name, "SETFCAP"))
		return setfcap();
	if (!strcmp(name, "SETGID"))
		return setgroups(0, NULL);
	if (!strcmp(name, "SETPCAP"))
		return prctl(PR_CAPBSET_DROP, CAP_WAKE_ALARM, 0, 0, 0);
	if (!strcmp(name, "SETUID"))
		return setresuid(4711, 4711, 4711);
	if (!strcmp(name, "SYSLOG"))
		return syscall(SYS_syslog, 9, NULL, 0);
	if (!strcmp(name, "SYS_ADMIN"))
		return sys_admin();
	if (!strcmp(name, "SYS_BOOT"))
		return sys_boot();
	if (!strcmp(name, "SYS_CHROOT"))
		return chroot("/");
	if (!strcmp(name, "SYS_NICE"))
		return sys_nice();
	if (!strcmp(name, "SYS_PACCT"))
		return acct(NULL);
	if (!strcmp(name, "SYS_RESOURCE"))
		return sys_resource();
	if (!strcmp(name, "SYS_TIME"))
		return sys_time();
	if (!strcmp(name, "WAKE_ALARM"))
		return timerfd_create(CLOCK_REALTIME_ALARM, 0);
	exit(USAGE);
}

static void by_capability(char **argv)
{
	pid_t child = made_child();

	if (!child)
		_exit(used(argv[0]) < 0 ? errno : 0);
	did_errno(status_of(child));
}
