/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct guest_program guest_program_start(const struct person *person, const char *const *argv)
{
	int input[2], output[2];
	struct guest_program program;

	if (pipe2(input, O_CLOEXEC) || pipe2(output, O_CLOEXEC))
		g_error("pipe: %s", strerror(errno));
	program.pid = fork();
	if (program.pid == 0) {
		dup2(input[0], 0);
		dup2(output[1], 1);
		execve(argv[0], (char *const *)argv, person->environment);
		_exit(127);
	}
	close(input[0]);
	close(output[1]);
	program.input = input[1];
	program.output = output[0];
	return program;
}

void await_ticks(const struct guest_program *ticker)
{
	char first;

	if (read(ticker->output, &first, 1) != 1)
		g_error("the ticker does not run");
}

gint64 read_ticks(const struct guest_program *ticker, int until_ms, pid_t running)
{
	gint64 last = g_get_monotonic_time(), longest = 0, end = last + until_ms * 1000;
	char ticks[4096];

	for (;;) {
		struct pollfd event = { .fd = ticker->output, .events = POLLIN };
		gint64 now;

		if (poll(&event, 1, 10) == 1 && read(ticker->output, ticks, sizeof(ticks)) <= 0)
			g_error("the ticker has ended");
		now = g_get_monotonic_time();
		if (event.revents) {
			longest = MAX(longest, now - last);
			last = now;
		}
		if (running && waitpid(running, NULL, WNOHANG) == running) {
			running = 0;
			end = now + 100000;
		}
		if (!running && now >= end)
			return longest;
	}
}

/* What the ticker says between its ticks: a line of its own, of which the first number counts. */
static gint64 read_answer(const struct guest_program *ticker)
{
	g_autoptr(GString) said = g_string_new(NULL);
	const char *line = NULL;
	char buffer[4096];

	while (!line || !strchr(line + 1, '\n')) {
		ssize_t n = read(ticker->output, buffer, sizeof(buffer));

		if (n <= 0)
			g_error("the ticker does not answer");
		g_string_append_len(said, buffer, n);
		line = strchr(said->str, '\n');
	}
	return g_ascii_strtoll(line + 1, NULL, 10);
}

gint64 ask_ticker(const struct guest_program *ticker)
{
	if (write(ticker->input, "?", 1) != 1)
		g_error("the ticker does not listen");
	return read_answer(ticker);
}

gint64 ticker_end(struct guest_program *ticker)
{
	gint64 longest;

	close(ticker->input);
	longest = read_answer(ticker);
	close(ticker->output);
	waitpid(ticker->pid, NULL, 0);
	return longest;
}
