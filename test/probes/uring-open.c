/*
 * uring-open FILE   Opens FILE for appending through io_uring, which has no openat system call, and appends one byte.
 * Exit status: see probe.h; 251 also where io_uring is off.
 */
#include "probe.h"
#include <linux/io_uring.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	struct io_uring_params params = { 0 };
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	char *submission, *completion;
	int ring, result;

	if (argc != 2)
		return USAGE;
	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0)
		failed(SETUP, "io_uring_setup");
	submission = mmap(NULL, params.sq_off.array + params.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	completion = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(*cqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqe = mmap(NULL, params.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (submission == MAP_FAILED || completion == MAP_FAILED || sqe == MAP_FAILED)
		failed(SETUP, "mmap");

	*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)argv[1],
				      .open_flags = O_WRONLY | O_APPEND };
	*(unsigned *)(submission + params.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(submission + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		failed(SETUP, "io_uring_enter");

	cqe = (struct io_uring_cqe *)(completion + params.cq_off.cqes);
	result = cqe->res;
	if (result < 0)
		return -result;
	return write(result, "x", 1) == 1 ? 0 : errno;
}
