/* For probes without libc: the entry point gets the stack as the kernel left it, and nothing has been called yet. */
#include <asm/unistd.h>

static inline long bare3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return ret;
}

static inline long bare4(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return ret;
}

/* The stack at entry: argc, argv[0] .. argv[argc - 1], NULL, the environment. */
#define ENTRY(function)                                        \
	__attribute__((used)) static void function(long *stack); \
	__asm__(".globl _start\n"                              \
		"_start:\n"                                    \
		"	mov %rsp, %rdi\n"                      \
		"	and $-16, %rsp\n"                      \
		"	call " #function "\n"                  \
		"	hlt\n")

#define ARGC(stack) ((stack)[0])
#define ARGV(stack) ((char **)((stack) + 1))

#define AT_FDCWD -100
#define O_RDWR 02
#define O_APPEND 02000

static inline void leave(long status)
{
	for (;;)
		bare3(__NR_exit_group, status, 0, 0);
}
