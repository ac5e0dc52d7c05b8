/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/terminal.h"

#include <sys/ioctl.h>

#include "vksession/selftest/states/state.h"

#define AWAIT_MS 60000
#define COLUMNS	 80
#define ROWS	 24

int terminal_open(void)
{
	int master = (int)must(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));

	must(grantpt(master));
	must(unlockpt(master));
	terminal_widen(master, COLUMNS);
	return master;
}

void terminal_widen(int master, unsigned short columns)
{
	const struct winsize size = { .ws_row = ROWS, .ws_col = columns };

	must(ioctl(master, TIOCSWINSZ, &size));
}

static void enter(int master)
{
	const char *name = ptsname(master);

	setsid();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	if (open(name, O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2 || ioctl(0, TIOCSCTTY, 0) < 0)
		_exit(1);
}

pid_t terminal_start(int master, void (*program)(void))
{
	pid_t child = fork_child();

	if (child == 0) {
		enter(master);
		program();
		_exit(1);
	}
	return child;
}

void terminal_await(int master, const char *text)
{
	static char seen[65536];
	static size_t length;
	char *found;

	while (!(found = strstr(seen, text))) {
		ssize_t got;

		expect(becomes_readable(master, AWAIT_MS), "the terminal does not show '%s'", text);
		got = read(master, seen + length, sizeof(seen) - length - 1);
		expect(got > 0, "the terminal is gone: %s", strerror(errno));
		length += (size_t)got;
		seen[length] = '\0';
	}
	found += strlen(text);
	length = strlen(found);
	memmove(seen, found, length + 1);
}

void terminal_type(int master, const char *text)
{
	must(write(master, text, strlen(text)));
}
