/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A full-screen program: raw terminal, its size, and that it is told of a new one. */
#include <sys/ioctl.h>
#include <termios.h>

#include "vksession/selftest/states/state.h"

static int open_master(void)
{
	int master = (int)must(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));

	must(grantpt(master));
	must(unlockpt(master));
	return master;
}

static volatile int resized;

static void handler(int number)
{
	resized = 1;
}

/* Draws a frame of the size of the terminal; at each key the key; again when the size changes. */
static void draw(void)
{
	struct winsize size;
	char text[64];
	int length;

	ioctl(0, TIOCGWINSZ, &size);
	length = snprintf(text, sizeof(text), "\033[?1049h\033[2J\033[HSIZE %dx%d.", size.ws_col,
			  size.ws_row);
	if (write(1, text, (size_t)length) < 0)
		_exit(1);
}

static void be_program(int master)
{
	struct sigaction action = { .sa_handler = handler };
	const char *name = ptsname(master);
	struct termios raw;
	char key[16];

	setsid();
	close(0);
	close(1);
	if (open(name, O_RDWR) != 0 || dup(0) != 1)
		_exit(1);
	ioctl(0, TIOCSCTTY, 0);
	sigaction(SIGWINCH, &action, NULL);
	tcgetattr(0, &raw);
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	tcsetattr(0, TCSANOW, &raw);
	draw();
	for (;;) {
		ssize_t got = read(0, key, 1);

		if (resized) {
			resized = 0;
			draw();
		}
		if (got == 1) {
			char text[16];
			int length = snprintf(text, sizeof(text), "[KEY %d]", key[0]);

			if (key[0] == 'q')
				_exit(0);
			if (write(1, text, (size_t)length) < 0)
				_exit(1);
		}
	}
}

static void await_text(int master, const char *text)
{
	char seen[4096] = "";
	size_t length = 0;

	while (!strstr(seen, text)) {
		ssize_t got;

		expect(becomes_readable(master, 60000), "the program does not draw '%s'", text);
		got = read(master, seen + length, sizeof(seen) - length - 1);
		expect(got > 0, "the terminal is gone: %s", strerror(errno));
		length += (size_t)got;
		seen[length] = '\0';
	}
}

static void run(void)
{
	struct winsize size = { .ws_row = 33, .ws_col = 111 };
	int master = open_master();
	struct termios mode;
	pid_t program;
	char name[64];
	int slave;

	must(ioctl(master, TIOCSWINSZ, &size));
	program = fork_child();
	if (program == 0)
		be_program(master);
	await_text(master, "SIZE 111x33.");
	snprintf(name, sizeof(name), "%s", ptsname(master));
	ready();
	expect(strcmp(name, ptsname(master)) == 0, "the terminal was %s and is %s", name,
	       ptsname(master));
	slave = (int)must(open(name, O_RDWR | O_NOCTTY));
	must(tcgetattr(slave, &mode));
	expect(!(mode.c_lflag & (ICANON | ECHO | ISIG)), "the terminal is not raw any more");
	must(ioctl(master, TIOCGWINSZ, &size));
	expect(size.ws_row == 33 && size.ws_col == 111, "the size is %dx%d", size.ws_col,
	       size.ws_row);
	must(write(master, "\003", 1));
	await_text(master, "[KEY 3]");
	size.ws_col = 99;
	must(ioctl(master, TIOCSWINSZ, &size));
	await_text(master, "SIZE 99x33.");
	must(write(master, "q", 1));
	expect_child(program, "the program");
}

const struct state state_terminal_screen = {
	.name = "terminal-screen",
	.summary = "a full-screen program on a terminal",
	.run = run,
};
