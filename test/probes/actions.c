/*
 * actions LIST           Does what the lines of LIST say, one after the other, and prints a line for each: the errnos of its steps, 0 for one that got
 *                        through, up to the first that did not. What comes of one line is the same whatever lines came before it.
 * actions ANY nothing    Does nothing: what LIST may execute.
 * A line of LIST is a word and its arguments, parted by spaces: see the files that are included.
 * Exit status: see probe.h; 250 and a line too few where a line of LIST is wrong.
 */
#include "probe.h"
#include "call.h"
#include "actions.h"
#include "actions-files.h"
#include "actions-sockets.h"
#include "actions-calls.h"
#include "actions-capabilities.h"

static const struct action actions[] = {
	{ "read", by_read, 1 }, { "write", by_write, 1 }, { "append", by_append, 1 }, { "chmod", by_chmod, 1 }, { "chown", by_chown, 1 },
	{ "truncate", by_truncate, 1 }, { "setxattr", by_setxattr, 1 }, { "unlink", by_unlink, 1 }, { "rmdir", by_rmdir, 1 },
	{ "mkdir", by_mkdir, 1 }, { "mknod", by_mknod, 1 }, { "symlink", by_symlink, 1 }, { "link", by_link, 2 }, { "rename", by_rename, 2 },
	{ "exec", by_exec, 2 }, { "map", by_map, 1 },
	{ "socket", by_socket, 3 }, { "bind", by_bind, 5 }, { "listen", by_listen, 5 }, { "connect", by_connect, 5 },
	{ "sendto", by_sendto, 5 }, { "send", by_send, 5 }, { "fastopen", by_fastopen, 5 }, { "unix", by_unix, 2 },
	{ "call", by_call, 1 }, { "call32", by_call32, 1 }, { "signal", by_signal, 1 },
	{ "capability", by_capability, 1 },
	{ 0 },
};

static void act(char *line)
{
	char *words[10] = { NULL };
	int count = 0;

	for (char *word = strtok(line, " \n"); word && count < 9; word = strtok(NULL, " \n"))
		words[count++] = word;
	for (const struct action *action = actions; action->word; action++) {
		if (count && !strcmp(action->word, words[0]) && count - 1 >= action->arguments) {
			action->go(words + 1);
			end_of_steps();
			return;
		}
	}
	exit(USAGE);
}

int main(int argc, char **argv)
{
	static char line[1024];
	FILE *list;

	if (argc == 3 && !strcmp(argv[2], "nothing"))
		return 0;
	if (argc != 2)
		return USAGE;
	if (!(list = fopen(argv[1], "r")))
		failed(SETUP, argv[1]);
	while (fgets(line, sizeof(line), list))
		act(line);
	return fflush(stdout) ? SETUP : 0;
}
