/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/interpreter.h"

#include <sys/ioctl.h>

#include "vksession/selftest/states/state.h"

#define START_MS      100000 /* a JVM on a slow machine, beside all the other states */
#define MAX_ARGUMENTS 8
#define SHORTEST_LINE 16

bool is_installed(const char *program)
{
	static const char *const places[] = { "/usr/local/bin", "/usr/bin", "/bin" };
	char path[256];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], program);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void make_file(const char *file, const char *text)
{
	int fd = (int)must(open(file, O_CREAT | O_WRONLY | O_TRUNC, 0600));

	expect(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write %s: %s", file,
	       strerror(errno));
	close(fd);
}

static void execute(const char *program, const char *const *arguments, int output)
{
	const char *vector[MAX_ARGUMENTS + 2] = { program };
	int null = open("/dev/null", O_RDONLY);

	for (int i = 0; i < MAX_ARGUMENTS && arguments[i]; i++)
		vector[i + 1] = arguments[i];
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	execvp(program, (char *const *)vector);
	_exit(127);
}

/* x after so many more steps: squaring of the affine map, as a generator jumps ahead. */
static uint64_t advance(uint64_t x, uint64_t steps)
{
	uint64_t factor = 6364136223846793005u, term = 1442695040888963407u;

	for (; steps; steps >>= 1) {
		if (steps & 1)
			x = x * factor + term;
		term *= factor + 1;
		factor *= factor;
	}
	return x;
}

/* Reads one line and compares it with what it must be. @return its number of steps */
static uint64_t check_line(FILE *output, const char *program)
{
	unsigned long long steps, x;
	char line[256];

	expect(becomes_readable(fileno(output), START_MS) && fgets(line, sizeof(line), output),
	       "%s prints nothing", program);
	line[strcspn(line, "\n")] = '\0';
	expect(sscanf(line, "%llu %llu", &steps, &x) == 2, "%s prints '%s'", program, line);
	expect(advance(0, steps) == x, "after %llu steps %s has computed %llu", steps, program, x);
	return steps;
}

void interpret(const char *program, const char *const *arguments, const char *file,
	       const char *text)
{
	uint64_t before, after = 0;
	int waiting = 0;
	FILE *output;
	int ends[2];
	pid_t child;

	if (!is_installed(program))
		skip("%s is not installed", program);
	if (file)
		make_file(file, text);
	must(pipe2(ends, O_CLOEXEC));
	must(fcntl(ends[1], F_SETPIPE_SZ, 4096));
	child = fork_child();
	if (child == 0)
		execute(program, arguments, ends[1]);
	close(ends[1]);
	output = fdopen(ends[0], "r");
	setvbuf(output, NULL, _IONBF, 0);
	check_line(output, program);
	before = check_line(output, program);
	ready();
	/* The pipe may be full of lines from before the save: read on until some come after it. */
	must(ioctl(ends[0], FIONREAD, &waiting));
	for (int i = 0; i < waiting / SHORTEST_LINE + 2; i++)
		after = check_line(output, program);
	expect(after > before, "%s has gone back", program);
	expect(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child, "%s has ended",
	       program);
}
