/*
 * capset [HOLD]   Gives up all effective capabilities with capset(2); then stays while the host looks (probe.h).
 * Exit status: see probe.h.
 */
#include "probe.h"
#include <linux/capability.h>

int main(int argc, char **argv)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];
	int error;

	if (syscall(SYS_capget, &header, sets))
		failed(SETUP, "capget");
	sets[0].effective = sets[1].effective = 0;
	error = syscall(SYS_capset, &header, sets) ? errno : 0;
	hold(argc > 1 ? argv[1] : NULL);
	return error;
}
