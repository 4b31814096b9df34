/*
 * System calls by either entry. A way whose name ends in "/32" makes its calls through int 0x80, where they have other
 * numbers and 32-bit pointers: what they point to must be static (the probes are linked at low addresses) or copied by low().
 */
#include "unistd_32.h" /* made by build: NR32_name */
#include <stdbool.h>

/* Numbers above 423 are the same in both tables; libc's headers may be older than the newest. */
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#ifndef NR32_open_tree_attr
#define NR32_open_tree_attr SYS_open_tree_attr
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef NR32_fchmodat2
#define NR32_fchmodat2 SYS_fchmodat2
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#endif
#ifndef NR32_setxattrat
#define NR32_setxattrat SYS_setxattrat
#endif

static bool entry32;

/* Like syscall(): -1 and errno. */
static long call32(long nr, long a, long b, long c, long d, long e, long f)
{
	register long sixth __asm__("r12") = f;
	int ret;

	__asm__ volatile("push %%rbp\n\t"
			 "mov %%r12, %%rbp\n\t"
			 "int $0x80\n\t"
			 "pop %%rbp"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), "r"(sixth)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	if (ret < 0 && ret > -4096) {
		errno = -ret;
		return -1;
	}
	return (unsigned)ret;
}

static inline long call(long nr64, long nr32, ...)
{
	long a[6];
	va_list arguments;

	va_start(arguments, nr32);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	return entry32 ? call32(nr32, a[0], a[1], a[2], a[3], a[4], a[5]) : syscall(nr64, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#define CALL(name, ...) call(SYS_##name, NR32_##name __VA_OPT__(,) __VA_ARGS__)

/* A copy below 4 GiB, of what lies on the stack or is an argument. */
static inline void *low_copy(const void *from, size_t size)
{
	static _Alignas(16) char room[16384];
	static size_t used;
	void *to = room + used;

	if (used + size > sizeof(room))
		failed(SETUP, "no room for a low copy");
	used += (size + 15) & ~15ul;
	return memcpy(to, from, size);
}

static inline char *low(const char *text)
{
	return text ? low_copy(text, strlen(text) + 1) : NULL;
}

/* A way to do what a probe does. Gets the arguments after its name; returns 0 or the errno. */
struct way {
	const char *name;
	int (*go)(char **argv);
	int arguments; /* at least */
};

/* The status of a call that returns a negative number when it fails. */
static inline int status(long result)
{
	return result < 0 ? errno : 0;
}

/* The main function of a probe with ways: PROBE HOW[/32] ARGUMENTS... */
static inline int by_name(int argc, char **argv, const struct way *ways)
{
	char *suffix = argc > 1 ? strstr(argv[1], "/32") : NULL;

	if (argc < 2)
		return USAGE;
	if (suffix) {
		*suffix = 0;
		entry32 = true;
	}
	for (const struct way *way = ways; way->name; way++)
		if (!strcmp(way->name, argv[1]))
			return argc - 2 < way->arguments ? USAGE : way->go(argv + 2);
	return USAGE;
}
