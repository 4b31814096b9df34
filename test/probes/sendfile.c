/*
 * sendfile FROM TO   Copies FROM to TO with sendfile(2), which shares code with splice(2) but is another call.
 * Exit status: see probe.h.
 */
#include "probe.h"
#include <sys/sendfile.h>

int main(int argc, char **argv)
{
	int from, to;

	if (argc != 3)
		return USAGE;
	from = open(argv[1], O_RDONLY);
	to = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (from < 0 || to < 0)
		failed(SETUP, "open");
	return sendfile(to, from, NULL, 1) == 1 ? 0 : errno;
}
