/*
 * opens FILE COUNT ROUNDS   Opens and closes the file COUNT times, ROUNDS times over, and prints how many nanoseconds a pair took in
 * the quickest round. In a guest whose clock counts instructions, that is how many instructions it took.
 */
#include "probe.h"

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

int main(int argc, char **argv)
{
	long count = argc == 4 ? atol(argv[2]) : 0, rounds = argc == 4 ? atol(argv[3]) : 0, least = -1;

	if (count < 1 || rounds < 1)
		return USAGE;
	while (rounds-- > 0) {
		long begin = now(), took;

		for (long i = 0; i < count; i++) {
			int fd = open(argv[1], O_RDONLY);

			if (fd < 0)
				return errno;
			close(fd);
		}
		took = now() - begin;
		if (least < 0 || took < least)
			least = took;
	}
	printf("%ld\n", least / count);
	return 0;
}
