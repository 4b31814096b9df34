/*
 * mount FSTYPE TARGET [DATA]   mount(2) of a file system; TARGET is made if need be. "bind:/path" as FSTYPE makes a
 * bind mount. What it mounted stays, for the host to see. Exit status: see probe.h.
 */
#include "probe.h"
#include <sys/mount.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		return USAGE;

	const char *type = argv[1], *target = argv[2], *data = argc > 3 ? argv[3] : NULL;

	mkdir(target, 0755);
	if (!strncmp(type, "bind:", 5))
		return mount(type + 5, target, NULL, MS_BIND, NULL) ? errno : 0;
	return mount("probe", target, type, 0, data) ? errno : 0;
}
