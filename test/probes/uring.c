/*
 * uring HOW[/32] [HOLD]   Makes an io_uring: setup, poll (with a thread of the kernel's own). Then stays while the host looks (probe.h).
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include "uring.h"

static int made(char **argv, unsigned flags)
{
	struct ring ring;
	int error = status(ring_open(&ring, flags));

	hold(argv[0]);
	return error;
}

static int setup(char **argv)
{
	return made(argv, 0);
}

static int poll_setup(char **argv)
{
	return made(argv, IORING_SETUP_SQPOLL);
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "setup", setup, 0 }, { "poll", poll_setup, 0 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
