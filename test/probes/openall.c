/*
 * openall LIST   Opens the files of LIST, whose lines are "read PATH", "write PATH" or "append PATH", and prints the errno of each.
 * Exit status: see probe.h.
 */
#include "probe.h"

static int flags_of(const char *word)
{
	if (!strcmp(word, "read"))
		return O_RDONLY;
	if (!strcmp(word, "write"))
		return O_WRONLY;
	if (!strcmp(word, "append"))
		return O_WRONLY | O_APPEND;
	exit(USAGE);
}

int main(int argc, char **argv)
{
	char word[8], path[256];
	FILE *list;

	if (argc != 2)
		return USAGE;
	if (!(list = fopen(argv[1], "r")))
		failed(SETUP, argv[1]);
	while (fscanf(list, "%7s %255s", word, path) == 2) {
		int fd = open(path, flags_of(word));

		printf("%d\n", fd < 0 ? errno : 0);
		close(fd);
	}
	return 0;
}
