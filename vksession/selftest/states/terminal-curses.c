/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that draws by curses: it draws anew when it is told to, and takes keys. */
#include "vksession/selftest/states/state.h"
#include "vksession/selftest/states/terminal.h"

#define PROGRAM "/usr/bin/dialog"

static void be_program(void)
{
	setenv("TERM", "xterm", 1);
	execl(PROGRAM, "dialog", "--menu", "selftest-menu", "12", "40", "2", "one", "first-entry",
	      "two", "second-entry", NULL);
	_exit(127);
}

static void run(void)
{
	int master;
	pid_t program;

	if (!kernel_has(PROGRAM))
		skip("dialog is not installed");
	master = terminal_open();
	program = terminal_start(master, be_program);
	terminal_await(master, "second-entry");
	ready();
	terminal_widen(master, 100);
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
