/* The lines of a list of actions, and their answers: see actions.c. */
#include <sys/wait.h>

/* A word, what does it, and how many arguments that takes at least. */
struct action {
	const char *word;
	void (*go)(char **argv);
	int arguments;
};

static bool has_steps;

/* The answer to one step. Whether the next one can follow. */
static bool did_errno(int error)
{
	printf(has_steps ? " %d" : "%d", error);
	has_steps = true;
	return !error;
}

static bool did(long result)
{
	return did_errno(result < 0 ? errno : 0);
}

/* The same where one errno says that a call got as far as it can here. */
static bool did_up_to(long result, int benign)
{
	return did_errno(result < 0 && errno != benign ? errno : 0);
}

static void end_of_steps(void)
{
	putchar('\n');
	has_steps = false;
}

/* A child, which must not print what this process has not printed yet. 0 in the child. */
static pid_t made_child(void)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0)
		failed(SETUP, "fork");
	return child;
}

/* The exit status of a child: an errno. */
static int status_of(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		failed(SETUP, "child");
	return WEXITSTATUS(status);
}

static long number(const char *text)
{
	return strtoull(text, NULL, 0);
}
