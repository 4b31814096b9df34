/*
 * Actions on sockets, with families, types and protocols by number. Nobody listens where they connect to: ECONNREFUSED, and EAGAIN
 * where nobody has connected, say that a call got as far as it can.
 *   socket FAMILY TYPE PROTOCOL
 *   bind FAMILY TYPE PROTOCOL ADDRESS PORT        makes a socket; binds it
 *   listen FAMILY TYPE PROTOCOL ADDRESS PORT      the same; listens; accepts
 *   connect FAMILY TYPE PROTOCOL ADDRESS PORT     makes a socket; connects it
 *   sendto send FAMILY TYPE PROTOCOL ADDRESS PORT   makes a socket; sends a byte to the address, by the call or by connecting first
 *   fastopen FAMILY TYPE PROTOCOL ADDRESS PORT    makes a socket; sends a byte with MSG_FASTOPEN
 *   unix TYPE NAME                                makes a socket; binds it to NAME, a path or @ and an abstract name; if it is no datagram socket,
 *                                                 listens; another one of the type connects to it; sends it a byte; if it listens, accepts
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_storage address;
static socklen_t length;

/* Where NAME has a file, it goes at the end. */
static const char *bound_file;

static int new_socket(char **argv)
{
	return socket(number(argv[0]), number(argv[1]), number(argv[2]));
}

/* Makes the socket of the first three arguments, and reads the address of the next two. */
static int with_address(char **argv)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
	in_port_t port = htons(number(argv[4]));

	memset(&address, 0, sizeof(address));
	if (number(argv[0]) == AF_INET && inet_pton(AF_INET, argv[3], &four->sin_addr) == 1) {
		four->sin_port = port;
		length = sizeof(*four);
	} else if (number(argv[0]) == AF_INET6 && inet_pton(AF_INET6, argv[3], &six->sin6_addr) == 1) {
		six->sin6_port = port;
		length = sizeof(*six);
	} else {
		exit(USAGE);
	}
	address.ss_family = number(argv[0]);
	return new_socket(argv);
}

static bool bound(int fd)
{
	return did(bind(fd, (void *)&address, length));
}

static bool connected(int fd)
{
	return did_up_to(connect(fd, (void *)&address, length), ECONNREFUSED);
}

static void by_socket(char **argv)
{
	int fd = new_socket(argv);

	did(fd);
	close(fd);
}

static void by_bind(char **argv)
{
	int fd = with_address(argv);

	if (did(fd))
		bound(fd);
	close(fd);
}

static void by_listen(char **argv)
{
	int fd = with_address(argv);

	if (did(fd) && bound(fd) && did(listen(fd, 1))) {
		fcntl(fd, F_SETFL, O_NONBLOCK);
		did_up_to(accept(fd, NULL, NULL), EAGAIN);
	}
	close(fd);
}

static void by_connect(char **argv)
{
	int fd = with_address(argv);

	if (did(fd))
		connected(fd);
	close(fd);
}

static void by_sendto(char **argv)
{
	int fd = with_address(argv);

	if (did(fd))
		did(sendto(fd, "x", 1, 0, (void *)&address, length));
	close(fd);
}

static void by_send(char **argv)
{
	int fd = with_address(argv);

	if (did(fd) && connected(fd))
		did(send(fd, "x", 1, MSG_NOSIGNAL));
	close(fd);
}

static void by_fastopen(char **argv)
{
	int fd = with_address(argv);

	if (did(fd))
		did_up_to(sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (void *)&address, length), ECONNREFUSED);
	close(fd);
}

static void unix_name(const char *text)
{
	struct sockaddr_un *name = (struct sockaddr_un *)&address;
	size_t size = strlen(text);

	if (size >= sizeof(name->sun_path))
		exit(USAGE);
	memset(&address, 0, sizeof(address));
	name->sun_family = AF_UNIX;
	memcpy(name->sun_path, text, size);
	if (*text == '@')
		name->sun_path[0] = 0;
	length = offsetof(struct sockaddr_un, sun_path) + size + (*text != '@');
	bound_file = *text == '@' ? NULL : text;
}

static void by_unix(char **argv)
{
	int type = number(argv[0]), fd = socket(AF_UNIX, type, 0), other = -1, taken = -1;

	unix_name(argv[1]);
	if (did(fd) && bound(fd) && (type == SOCK_DGRAM || did(listen(fd, 1)))) {
		other = socket(AF_UNIX, type, 0);
		if (other < 0)
			failed(SETUP, "the other socket");
		if (connected(other) && did(send(other, "x", 1, MSG_NOSIGNAL)) && type != SOCK_DGRAM)
			did(taken = accept(fd, NULL, NULL));
	}
	close(fd);
	close(other);
	close(taken);
	if (bound_file)
		unlink(bound_file);
}
