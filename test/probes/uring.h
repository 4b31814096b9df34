/* io_uring: one operation at a time, on a ring of its own. After call.h. */
#include <linux/io_uring.h>
#include <sys/mman.h>

struct ring {
	int fd;
	struct io_uring_params params;
	char *submission, *completion;
	struct io_uring_sqe *entries;
};

/* -1 and errno where io_uring_setup is refused. FLAGS: IORING_SETUP_. */
static inline int ring_open(struct ring *ring, unsigned flags)
{
	static struct io_uring_params params;

	params = (struct io_uring_params){ .flags = flags, .sq_thread_idle = 1000 };
	ring->fd = CALL(io_uring_setup, 4, &params);
	if (ring->fd < 0)
		return -1;
	ring->params = params;
	ring->submission = mmap(NULL, params.sq_off.array + params.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE,
				MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->completion = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
				PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_CQ_RING);
	ring->entries = mmap(NULL, params.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED,
			     ring->fd, IORING_OFF_SQES);
	if (ring->submission == MAP_FAILED || ring->completion == MAP_FAILED || ring->entries == MAP_FAILED)
		failed(SETUP, "mapping a ring");
	return 0;
}

/* The operation's result; -1 and errno. */
static inline long ring_do(struct ring *ring, struct io_uring_sqe entry)
{
	unsigned *tail = (unsigned *)(ring->submission + ring->params.sq_off.tail);
	unsigned *mask = (unsigned *)(ring->submission + ring->params.sq_off.ring_mask);
	unsigned *head = (unsigned *)(ring->completion + ring->params.cq_off.head);
	unsigned *done = (unsigned *)(ring->completion + ring->params.cq_off.tail);
	unsigned slot = *tail & *mask, flags = IORING_ENTER_GETEVENTS;
	struct io_uring_cqe *result;

	ring->entries[slot] = entry;
	((unsigned *)(ring->submission + ring->params.sq_off.array))[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (ring->params.flags & IORING_SETUP_SQPOLL)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (CALL(io_uring_enter, ring->fd, 1, 1, flags, NULL, 0) < 0)
		return -1;
	while (__atomic_load_n(done, __ATOMIC_ACQUIRE) == *head)
		usleep(1000);
	result = (struct io_uring_cqe *)(ring->completion + ring->params.cq_off.cqes) +
		 (*head & *(unsigned *)(ring->completion + ring->params.cq_off.ring_mask));
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	if (result->res >= 0)
		return result->res;
	errno = -result->res;
	return -1;
}

static inline long uring(struct io_uring_sqe entry)
{
	struct ring ring;

	return ring_open(&ring, 0) ? -1 : ring_do(&ring, entry);
}
