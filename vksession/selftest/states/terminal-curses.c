/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that draws by curses: it draws anew when it is told to, and takes keys. */
#include <sys/ioctl.h>
#include <termios.h>

#include "vksession/selftest/states/state.h"
#include "vksession/selftest/states/terminal.h"

#define PROGRAM "/usr/bin/dialog"

static void be_program(int master)
{
	terminal_enter(master);
	setenv("TERM", "xterm", 1);
	execl(PROGRAM, "dialog", "--menu", "selftest-menu", "12", "40", "2", "one", "first-entry",
	      "two", "second-entry", NULL);
	_exit(127);
}

static void run(void)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int master = terminal_open();
	pid_t program;

	if (!kernel_has(PROGRAM))
		skip("dialog is not installed");
	must(ioctl(master, TIOCSWINSZ, &size));
	program = fork_child();
	if (program == 0)
		be_program(master);
	terminal_await(master, "second-entry");
	ready();
	size.ws_col = 100;
	must(ioctl(master, TIOCSWINSZ, &size));
	terminal_await(master, "selftest-menu");
	terminal_await(master, "second-entry");
	/* Down to the second entry, and choose it: its name is the program's last word. */
	terminal_type(master, "\033OB\r");
	terminal_await(master, "two");
	expect_child(program, "dialog");
}

const struct state state_terminal_curses = {
	.name = "terminal-curses",
	.summary = "a curses program (dialog) on a terminal",
	.run = run,
};
