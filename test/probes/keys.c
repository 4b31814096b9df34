/*
 * keys HOW[/32] [HOLD]   The kernel's keys: add_key (a key "bpfguard-probe" for the user), join (a session keyring of that name),
 * request_key (of a key that nobody has, where there is
 * no program that could make it: ENOENT), keyctl-describe (of the session keyring), clear (of the user's keys).
 * Then stays while the host looks (probe.h).
 * Exit status: see probe.h.
 */
#include "probe.h"
#include "call.h"
#include <linux/keyctl.h>

#define NAME "bpfguard-probe"

static int held(long result, char **argv)
{
	int error = status(result);

	hold(argv[0]);
	return error;
}

static int by_add_key(char **argv)
{
	return held(CALL(add_key, low("user"), low(NAME), low("x"), 1L, (long)KEY_SPEC_USER_KEYRING), argv);
}

static int join(char **argv)
{
	return held(CALL(keyctl, (long)KEYCTL_JOIN_SESSION_KEYRING, low(NAME), 0L, 0L, 0L), argv);
}

static int by_request_key(char **argv)
{
	char description[64];

	/* What nobody had before: a search that failed is remembered, with another error. */
	snprintf(description, sizeof(description), "bpfguard-%ld-%d", time(NULL), getpid());
	return held(CALL(request_key, low("user"), low(description), low("x"), 0L), argv);
}

static int describe(char **argv)
{
	return held(CALL(keyctl, (long)KEYCTL_DESCRIBE, (long)KEY_SPEC_SESSION_KEYRING, NULL, 0L, 0L), argv);
}

static int clear(char **argv)
{
	return held(CALL(keyctl, (long)KEYCTL_CLEAR, (long)KEY_SPEC_USER_KEYRING, 0L, 0L, 0L), argv);
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "add_key", by_add_key, 0 }, { "join", join, 0 }, { "request_key", by_request_key, 0 }, { "keyctl-describe", describe, 0 },
		{ "clear", clear, 0 },
		{ 0 },
	};

	return by_name(argc, argv, ways);
}
