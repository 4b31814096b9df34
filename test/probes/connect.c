/*
 * connect HOW[/32] ADDRESS PORT   Reaches ADDRESS, IPv4 or IPv6 (an IPv4-mapped one is IPv6 to the calls), in whatever way:
 *   connect                        TCP
 *   fastopen fastopen-msg fastopen-mmsg   TCP with MSG_FASTOPEN, by sendto, sendmsg, sendmmsg, which have no connect
 *   fastopen-connect               TCP_FASTOPEN_CONNECT and then connect
 *   mptcp mptcp-fastopen           Multipath TCP
 *   udp                            connect and send of a datagram socket
 *   sendto sendmsg sendmmsg        UDP, the address in the call
 *   unspec unspec-msg              UDP, the address of an IPv4 socket says family AF_UNSPEC; by sendto, sendmsg
 *   v4-on-v6 v4-on-v6-udp          UDP socket of IPv6 with an IPv4 address: sendto, connect
 *   raw                            a UDP datagram by a raw socket
 *   uring uring-sendto uring-sendmsg uring-fastopen   io_uring: CONNECT of TCP; SEND with an address and SENDMSG of UDP; SENDMSG of TCP
 *   socketcall socketcall-sendto   the 32-bit entry's one call for all: connect of TCP, sendto of UDP
 * One byte is sent where something is sent. Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include "uring.h"
#include <arpa/inet.h>
#include <linux/net.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>

static char byte[] = "x";

/* Static, so that the 32-bit entry can have it. */
static struct sockaddr_storage address;
static socklen_t length;

static void parse(char **argv)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
	in_port_t port = htons(atoi(argv[1]));

	if (inet_pton(AF_INET, argv[0], &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = port;
		length = sizeof(*four);
	} else if (inet_pton(AF_INET6, argv[0], &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = port;
		length = sizeof(*six);
	} else {
		exit(USAGE);
	}
}

static int made(int family, int type, int protocol)
{
	int fd = CALL(socket, family, type, protocol);

	if (fd < 0)
		failed(errno, "socket"); /* denying this is as good */
	return fd;
}

static int tcp(void)
{
	return made(address.ss_family, SOCK_STREAM, 0);
}

static int udp(void)
{
	return made(address.ss_family, SOCK_DGRAM, 0);
}

static int sent(long bytes)
{
	return bytes < 0 ? errno : bytes == 1 ? 0 : SETUP;
}

/* A connection that sendmsg began is complete when something can be written. */
static int established(int fd, long bytes)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	int error;
	socklen_t size = sizeof(error);

	if (bytes < 0 && errno != EINPROGRESS)
		return errno;
	if (poll(&poll_fd, 1, 5000) != 1)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) ? errno : error;
}

static int connected(int fd)
{
	return status(CALL(connect, fd, &address, length));
}

static int sent_to(int fd, int flags)
{
	return sent(CALL(sendto, fd, byte, 1L, flags, &address, (long)length));
}

/* The kernel's struct msghdr of either entry, and one of sendmmsg's, which has a result behind. */
struct message32 {
	unsigned name, name_length, vector, vectors, control, control_length, flags, result;
};

struct message64 {
	struct msghdr head;
	unsigned result;
};

static struct iovec vector = { byte, 1 };
static unsigned vector32[2];
static struct message64 message64;
static struct message32 message32;

static void *message(void)
{
	message64.head = (struct msghdr){ .msg_name = &address, .msg_namelen = length, .msg_iov = &vector, .msg_iovlen = 1 };
	vector32[0] = (unsigned)(unsigned long)byte;
	vector32[1] = 1;
	message32 = (struct message32){ .name = (unsigned)(unsigned long)&address, .name_length = length,
					.vector = (unsigned)(unsigned long)vector32, .vectors = 1 };
	return entry32 ? (void *)&message32 : &message64;
}

static int sent_msg(int fd, int flags)
{
	return sent(CALL(sendmsg, fd, message(), flags));
}

static int sent_mmsg(int fd, int flags)
{
	return sent(CALL(sendmmsg, fd, message(), 1, flags));
}

static int by_connect(char **argv)
{
	parse(argv);
	return connected(tcp());
}

static int fastopen_on(int fd, int (*send)(int fd, int flags))
{
	int error = send(fd, MSG_FASTOPEN);

	errno = error;
	return established(fd, error ? -1 : 1);
}

static int fastopen(char **argv)
{
	parse(argv);
	return fastopen_on(tcp(), sent_to);
}

static int fastopen_msg(char **argv)
{
	parse(argv);
	return fastopen_on(tcp(), sent_msg);
}

static int fastopen_mmsg(char **argv)
{
	parse(argv);
	return fastopen_on(tcp(), sent_mmsg);
}

static int fastopen_connect(char **argv)
{
	int fd, on = 1, error;

	parse(argv);
	fd = tcp();
	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)))
		return errno;
	error = connected(fd);
	if (error)
		return error;
	return established(fd, CALL(write, fd, byte, 1));
}

static int mptcp(char **argv)
{
	parse(argv);
	return connected(made(address.ss_family, SOCK_STREAM, IPPROTO_MPTCP));
}

static int mptcp_fastopen(char **argv)
{
	parse(argv);
	return fastopen_on(made(address.ss_family, SOCK_STREAM, IPPROTO_MPTCP), sent_to);
}

static int udp_connect(char **argv)
{
	int fd, error;

	parse(argv);
	fd = udp();
	error = connected(fd);
	return error ? error : sent(CALL(write, fd, byte, 1L));
}

static int by_sendto(char **argv)
{
	parse(argv);
	return sent_to(udp(), 0);
}

static int by_sendmsg(char **argv)
{
	parse(argv);
	return sent_msg(udp(), 0);
}

static int by_sendmmsg(char **argv)
{
	parse(argv);
	return sent_mmsg(udp(), 0);
}

static int unspec_on(char **argv, int (*send)(int fd, int flags))
{
	int fd;

	parse(argv);
	fd = udp();
	address.ss_family = AF_UNSPEC;
	return send(fd, 0);
}

static int unspec(char **argv)
{
	return unspec_on(argv, sent_to);
}

static int unspec_msg(char **argv)
{
	return unspec_on(argv, sent_msg);
}

static int v4_on_v6(char **argv)
{
	parse(argv);
	return sent_to(made(AF_INET6, SOCK_DGRAM, 0), 0);
}

static int v4_on_v6_udp(char **argv)
{
	int fd, error;

	parse(argv);
	fd = made(AF_INET6, SOCK_DGRAM, 0);
	error = connected(fd);
	return error ? error : sent(CALL(write, fd, byte, 1L));
}

static int raw(char **argv)
{
	static struct { struct udphdr head; char data; } __attribute__((packed)) packet;
	int fd, checksum_at = offsetof(struct udphdr, check);

	parse(argv);
	packet.head.dest = ((struct sockaddr_in *)&address)->sin_port;
	packet.head.source = htons(4711);
	packet.head.len = htons(sizeof(packet));
	packet.data = 'x';
	fd = made(address.ss_family, SOCK_RAW, IPPROTO_UDP);
	((struct sockaddr_in *)&address)->sin_port = 0;
	/* IPv4 can do without a checksum. */
	if (address.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &checksum_at, sizeof(checksum_at)))
		failed(SETUP, "checksum");
	return CALL(sendto, fd, &packet, sizeof(packet), 0L, &address, (long)length) < 0 ? errno : 0;
}

static int by_uring(char **argv)
{
	parse(argv);
	return status(uring((struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .fd = tcp(), .addr = (unsigned long)&address,
						   .off = length }));
}

static int uring_sendto(char **argv)
{
	parse(argv);
	return sent(uring((struct io_uring_sqe){ .opcode = IORING_OP_SEND, .fd = udp(), .addr = (unsigned long)byte, .len = 1,
						 .addr2 = (unsigned long)&address, .addr_len = length }));
}

static int uring_message(int fd, int flags)
{
	return sent(uring((struct io_uring_sqe){ .opcode = IORING_OP_SENDMSG, .fd = fd, .addr = (unsigned long)message(), .len = 1,
						 .msg_flags = flags }));
}

static int uring_sendmsg(char **argv)
{
	parse(argv);
	return uring_message(udp(), 0);
}

static int uring_fastopen(char **argv)
{
	parse(argv);
	return fastopen_on(tcp(), uring_message);
}

static int socketcall(int which, unsigned a, unsigned b, unsigned c, unsigned d, unsigned e, unsigned f)
{
	static unsigned arguments[6];

	memcpy(arguments, (unsigned[]){ a, b, c, d, e, f }, sizeof(arguments));
	return call32(NR32_socketcall, which, (long)arguments, 0, 0, 0, 0);
}

static int socketcall_connect(char **argv)
{
	int fd;

	parse(argv);
	fd = socketcall(SYS_SOCKET, address.ss_family, SOCK_STREAM, 0, 0, 0, 0);
	return fd < 0 ? errno : status(socketcall(SYS_CONNECT, fd, (unsigned)(unsigned long)&address, length, 0, 0, 0));
}

static int socketcall_sendto(char **argv)
{
	int fd;

	parse(argv);
	fd = socketcall(SYS_SOCKET, address.ss_family, SOCK_DGRAM, 0, 0, 0, 0);
	return fd < 0 ? errno : sent(socketcall(SYS_SENDTO, fd, (unsigned)(unsigned long)byte, 1, 0, (unsigned)(unsigned long)&address, length));
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "connect", by_connect, 2 }, { "fastopen", fastopen, 2 }, { "fastopen-msg", fastopen_msg, 2 },
		{ "fastopen-mmsg", fastopen_mmsg, 2 }, { "fastopen-connect", fastopen_connect, 2 }, { "mptcp", mptcp, 2 },
		{ "mptcp-fastopen", mptcp_fastopen, 2 }, { "udp", udp_connect, 2 }, { "sendto", by_sendto, 2 },
		{ "sendmsg", by_sendmsg, 2 }, { "sendmmsg", by_sendmmsg, 2 }, { "unspec", unspec, 2 }, { "unspec-msg", unspec_msg, 2 },
		{ "v4-on-v6", v4_on_v6, 2 }, { "v4-on-v6-udp", v4_on_v6_udp, 2 }, { "raw", raw, 2 }, { "uring", by_uring, 2 },
		{ "uring-sendto", uring_sendto, 2 }, { "uring-sendmsg", uring_sendmsg, 2 }, { "uring-fastopen", uring_fastopen, 2 },
		{ "socketcall", socketcall_connect, 2 }, { "socketcall-sendto", socketcall_sendto, 2 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
