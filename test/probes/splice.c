/*
 * splice FROM TO   Moves one byte of FROM through a pipe to the end of TO, with splice(2) both times.
 * Exit status: see probe.h.
 */
#include "probe.h"

int main(int argc, char **argv)
{
	int from, to, ends[2];

	if (argc != 3)
		return USAGE;
	from = open(argv[1], O_RDONLY);
	to = open(argv[2], O_WRONLY);
	if (from < 0 || to < 0 || lseek(to, 0, SEEK_END) < 0 || pipe(ends))
		failed(SETUP, "open");
	if (splice(from, NULL, ends[1], NULL, 1, 0) != 1)
		return errno;
	return splice(ends[0], NULL, to, NULL, 1, 0) == 1 ? 0 : errno;
}
