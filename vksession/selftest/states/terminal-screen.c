/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A full-screen program: raw terminal, its size, and that it is told of a new one. */
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "vksession/selftest/states/state.h"
#include "vksession/selftest/states/terminal.h"

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

static void be_program(void)
{
	struct sigaction action = { .sa_handler = handler };
	struct pollfd terminal = { .fd = 0, .events = POLLIN };
	sigset_t resize, none;
	struct termios raw;
	char key;

	/* Let in while it waits only: else it could come between the look at it and the waiting. */
	sigemptyset(&none);
	sigemptyset(&resize);
	sigaddset(&resize, SIGWINCH);
	sigprocmask(SIG_BLOCK, &resize, NULL);
	sigaction(SIGWINCH, &action, NULL);
	tcgetattr(0, &raw);
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	tcsetattr(0, TCSANOW, &raw);
	draw();
	for (;;) {
		bool typed = ppoll(&terminal, 1, NULL, &none) == 1;

		if (resized) {
			resized = 0;
			draw();
		}
		if (typed && read(0, &key, 1) == 1) {
			char text[16];
			int length = snprintf(text, sizeof(text), "[KEY %d]", key);

			if (key == 'q')
				_exit(0);
			if (write(1, text, (size_t)length) < 0)
				_exit(1);
		}
	}
}

static void run(void)
{
	struct winsize size;
	int master = terminal_open();
	struct termios mode;
	pid_t program;
	char name[64];
	int slave;

	program = terminal_start(master, be_program);
	terminal_await(master, "SIZE 80x24.");
	terminal_widen(master, 111);
	terminal_await(master, "SIZE 111x24.");
	snprintf(name, sizeof(name), "%s", ptsname(master));
	ready();
	expect(strcmp(name, ptsname(master)) == 0, "the terminal was %s and is %s", name,
	       ptsname(master));
	slave = (int)must(open(name, O_RDWR | O_NOCTTY));
	must(tcgetattr(slave, &mode));
	expect(!(mode.c_lflag & (ICANON | ECHO | ISIG)), "the terminal is not raw any more");
	must(ioctl(master, TIOCGWINSZ, &size));
	expect(size.ws_row == 24 && size.ws_col == 111, "the size is %dx%d", size.ws_col,
	       size.ws_row);
	terminal_type(master, "\003");
	terminal_await(master, "[KEY 3]");
	terminal_widen(master, 99);
	terminal_await(master, "SIZE 99x24.");
	terminal_type(master, "q");
	expect_child(program, "the program");
}

const struct state state_terminal_screen = {
	.name = "terminal-screen",
	.summary = "a full-screen program on a terminal",
	.run = run,
};
