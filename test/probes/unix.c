/*
 * unix HOW NAME   What is done with Unix sockets; a NAME that begins with @ is an abstract one:
 *   bind bind-dgram     gives NAME to a socket
 *   connect             connects a stream socket to NAME
 *   relative            connects to NAME by a path relative to its directory
 *   dgram sendto        connects a datagram socket to NAME; sends a byte to it without
 * Exit status: see probe.h.
 */
#include "probe.h"
#include <libgen.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t length;

static void name(const char *text)
{
	size_t size = strlen(text);

	if (size >= sizeof(address.sun_path))
		exit(USAGE);
	memcpy(address.sun_path, text, size);
	if (*text == '@')
		address.sun_path[0] = 0;
	length = offsetof(struct sockaddr_un, sun_path) + size + (*text != '@');
}

int main(int argc, char **argv)
{
	const char *how = argc == 3 ? argv[1] : "";
	int dgram = !strcmp(how, "bind-dgram") || !strcmp(how, "dgram") || !strcmp(how, "sendto");
	int fd = socket(AF_UNIX, dgram ? SOCK_DGRAM : SOCK_STREAM, 0);

	if (argc != 3 || fd < 0)
		return argc == 3 ? errno : USAGE;
	if (!strcmp(how, "relative")) {
		if (chdir(dirname(strdup(argv[2]))))
			return failed(SETUP, "chdir");
		name(basename(argv[2]));
		how = "connect";
	} else {
		name(argv[2]);
	}
	if (!strncmp(how, "bind", 4))
		return bind(fd, (void *)&address, length) ? errno : 0;
	if (!strcmp(how, "connect") || !strcmp(how, "dgram"))
		return connect(fd, (void *)&address, length) ? errno : 0;
	if (!strcmp(how, "sendto"))
		return sendto(fd, "x", 1, 0, (void *)&address, length) < 0 ? errno : 0;
	return USAGE;
}
