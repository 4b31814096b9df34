/*
 * socket HOW[/32] FAMILY TYPE PROTOCOL [HOLD]   Makes a socket, all by number, and stays while the host looks at the descriptor (probe.h):
 *   new pair uring socketcall   socket, socketpair, io_uring's SOCKET, the 32-bit entry's socketcall
 *   ring                        new, and a receive ring for packets (PACKET_RX_RING)
 *   filter                      new, with a filter of the classic kind (SO_ATTACH_FILTER)
 *   alg                         new, bound to the AEAD authencesn(hmac(sha256),cbc(aes)) as CVE-2026-31431 does, and no further
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include "uring.h"
#include <linux/filter.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/net.h>
#include <sys/socket.h>

static int held(int error, char **argv)
{
	hold(argv[3]);
	return error;
}

static long number(const char *text)
{
	return strtol(text, NULL, 0);
}

static int new_socket(char **argv)
{
	return CALL(socket, number(argv[0]), number(argv[1]), number(argv[2]));
}

static int new(char **argv)
{
	return held(status(new_socket(argv)), argv);
}

static int pair(char **argv)
{
	static int ends[2];

	return held(status(CALL(socketpair, number(argv[0]), number(argv[1]), number(argv[2]), ends)), argv);
}

static int by_uring(char **argv)
{
	return held(status(uring((struct io_uring_sqe){ .opcode = IORING_OP_SOCKET, .fd = number(argv[0]), .off = number(argv[1]),
							.len = number(argv[2]) })), argv);
}

static int socketcall(char **argv)
{
	static unsigned arguments[3];

	for (int i = 0; i < 3; i++)
		arguments[i] = number(argv[i]);
	return held(status(call32(NR32_socketcall, SYS_SOCKET, (long)arguments, 0, 0, 0, 0)), argv);
}

static int ring(char **argv)
{
	static struct tpacket_req request = { .tp_block_size = 4096, .tp_block_nr = 1, .tp_frame_size = 2048, .tp_frame_nr = 2 };
	int fd = new_socket(argv);

	return held(fd < 0 ? errno : status(CALL(setsockopt, (long)fd, (long)SOL_PACKET, (long)PACKET_RX_RING, &request, sizeof(request))), argv);
}

static int filter(char **argv)
{
	static struct sock_filter all[] = { { .code = BPF_RET | BPF_K, .k = -1 } };
	struct sock_fprog program = { 1, all };
	int fd = new_socket(argv);

	return held(fd < 0 ? errno : status(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program))), argv);
}

static int alg(char **argv)
{
	static struct sockaddr_alg address = { .salg_family = AF_ALG, .salg_type = "aead",
					       .salg_name = "authencesn(hmac(sha256),cbc(aes))" };
	int fd = new_socket(argv);

	return held(fd < 0 ? errno : status(CALL(bind, (long)fd, &address, sizeof(address))), argv);
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "new", new, 3 }, { "pair", pair, 3 }, { "uring", by_uring, 3 }, { "socketcall", socketcall, 3 }, { "ring", ring, 3 },
		{ "filter", filter, 3 }, { "alg", alg, 3 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
