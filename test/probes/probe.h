/* What the probes with libc share. Exit status: 0 it got through, 1..199 the errno, 250.. the probe itself failed. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define USAGE 250
#define SETUP 251

static inline int failed(int status, const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(status);
}

/* One line per step: its name and its errno. */
static inline long step(const char *name, long result)
{
	printf("%s %d\n", name, result < 0 ? errno : 0);
	fflush(stdout);
	return result;
}

/* Memory in the shared file, in which a probe counts while the host looks. */
static inline void *shared_counts(const char *file, size_t size)
{
	int fd = open(file, O_RDWR | O_CREAT, 0600);
	void *counts;

	if (fd < 0 || ftruncate(fd, size))
		failed(SETUP, file);
	counts = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (counts == MAP_FAILED)
		failed(SETUP, "mmap");
	return counts;
}

/*
 * Lets the host look at this process: takes the name "held", makes FILE and stays until the host removes it. Without a
 * file, or where it cannot be made, returns at once.
 */
static inline void hold(const char *file)
{
	int fd, tries = 0;

	if (!file || (fd = open(file, O_CREAT | O_EXCL | O_WRONLY, 0600)) < 0)
		return;
	close(fd);
	prctl(PR_SET_NAME, "held");
	while (access(file, F_OK) == 0 && tries++ < 1200)
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
}
