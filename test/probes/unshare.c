/*
 * unshare user|mnt|uts|net [HOLD]   unshare(2) of one namespace; then stays while the host looks (probe.h).
 * Exit status: see probe.h.
 */
#include "probe.h"
#include <sched.h>

int main(int argc, char **argv)
{
	static const struct { const char *name; int flag; } kinds[] = {
		{ "user", CLONE_NEWUSER }, { "mnt", CLONE_NEWNS }, { "uts", CLONE_NEWUTS }, { "net", CLONE_NEWNET },
	};

	for (unsigned i = 0; argc > 1 && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(argv[1], kinds[i].name))
			continue;
		int error = unshare(kinds[i].flag) ? errno : 0;

		hold(argc > 2 ? argv[2] : NULL);
		return error;
	}
	return USAGE;
}
