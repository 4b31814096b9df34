/*
 * module HOW[/32] ...   Kernel modules, and a kernel to go on with:
 *   init-zeros           init_module of a page of zeros: ENOEXEC
 *   finit-text           finit_module of a text file: ENOEXEC
 *   init FILE            a real one
 *   finit FILE
 *   delete NAME
 *   autoload-mount TYPE DIRECTORY    what the kernel lacks: a file system (nothing comes of the mount: ENOENT, or ENODEV without the module)
 *   autoload-socket FAMILY TYPE      a protocol family
 *   kexec                a page of nothing, to boot into
 *   kexec-file FILE      a kernel
 *   kexec-unload         none any more
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include <linux/kexec.h>
#include <sys/mman.h>

static int init_zeros(char **argv)
{
	static char zeros[4096];

	(void)argv;
	return status(CALL(init_module, zeros, sizeof(zeros), low("")));
}

static int finit_module(const char *path)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 ? errno : status(CALL(finit_module, (long)fd, low(""), 0L));
}

static int finit_text(char **argv)
{
	(void)argv;
	return finit_module("/etc/passwd");
}

static int init(char **argv)
{
	int fd = open(argv[0], O_RDONLY);
	struct stat stat;
	void *image;

	if (fd < 0 || fstat(fd, &stat))
		return errno;
	image = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE | MAP_32BIT, fd, 0);
	if (image == MAP_FAILED)
		failed(SETUP, "mmap");
	return status(CALL(init_module, image, stat.st_size, low("")));
}

static int finit(char **argv)
{
	return finit_module(argv[0]);
}

static int delete(char **argv)
{
	return status(CALL(delete_module, low(argv[0]), (long)O_NONBLOCK));
}

static int autoload_mount(char **argv)
{
	return status(CALL(mount, low("none"), low(argv[1]), low(argv[0]), 0L, NULL));
}

static int autoload_socket(char **argv)
{
	return status(CALL(socket, atol(argv[0]), atol(argv[1]), 0L));
}

#define PLACE 0x1000000 /* physical; nobody will boot into it */

static int by_kexec(char **argv)
{
	static char page[4096] __attribute__((aligned(4096)));
	static struct kexec_segment segment = { page, sizeof(page), (void *)PLACE, sizeof(page) };
	static struct { __u32 buf, bufsz, mem, memsz; } segment32 = { .bufsz = sizeof(page), .mem = PLACE, .memsz = sizeof(page) };

	(void)argv;
	segment32.buf = (unsigned long)page;
	return status(CALL(kexec_load, (long)PLACE, 1L, entry32 ? (void *)&segment32 : (void *)&segment, (long)KEXEC_ARCH_X86_64));
}

static int kexec_file(char **argv)
{
	int fd = open(argv[0], O_RDONLY);

	return fd < 0 ? errno : status(syscall(SYS_kexec_file_load, fd, -1, 1L, "", (long)KEXEC_FILE_NO_INITRAMFS));
}

static int kexec_unload(char **argv)
{
	(void)argv;
	return status(syscall(SYS_kexec_load, 0L, 0L, NULL, (long)KEXEC_ARCH_X86_64));
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "init-zeros", init_zeros, 0 }, { "finit-text", finit_text, 0 }, { "init", init, 1 }, { "finit", finit, 1 },
		{ "delete", delete, 1 }, { "autoload-mount", autoload_mount, 2 }, { "autoload-socket", autoload_socket, 2 },
		{ "kexec", by_kexec, 0 }, { "kexec-file", kexec_file, 1 }, { "kexec-unload", kexec_unload, 0 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
