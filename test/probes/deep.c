/*
 * deep make|read DIRECTORY DEPTH   Makes so many directories of 200 characters, one below the other, with a file in the last, or reads
 *                                  that file. Each step is relative, so that no system call sees a path that is too long.
 * Exit status: see probe.h.
 */
#include "probe.h"

#define LENGTH 200

int main(int argc, char **argv)
{
	char component[LENGTH + 1], byte;
	int make, fd;

	if (argc != 4)
		return USAGE;
	make = !strcmp(argv[1], "make");
	memset(component, 'd', LENGTH);
	component[LENGTH] = 0;
	if (chdir(argv[2]))
		failed(SETUP, argv[2]);
	for (int i = atoi(argv[3]); i > 0; i--) {
		if (make && mkdir(component, 0755) && errno != EEXIST)
			failed(SETUP, "mkdir");
		if (chdir(component))
			failed(SETUP, "chdir");
	}
	fd = make ? open("end", O_CREAT | O_WRONLY, 0644) : open("end", O_RDONLY);
	if (fd < 0)
		return errno;
	if (make ? write(fd, "x", 1) != 1 : read(fd, &byte, 1) != 1)
		failed(SETUP, "end");
	return 0;
}
