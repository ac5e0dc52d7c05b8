/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shell on a terminal, with a job in the background and a line half typed. */

#include "vksession/selftest/states/state.h"
#include "vksession/selftest/states/terminal.h"

static void be_shell(void)
{
	setenv("PS1", "ready> ", 1);
	unsetenv("ENV");
	execl("/bin/sh", "sh", "-i", NULL);
	_exit(127);
}

static void run(void)
{
	int master;
	pid_t shell;

	if (!kernel_has("/bin/sh"))
		skip("no /bin/sh");
	master = terminal_open();
	shell = terminal_start(master, be_shell);
	terminal_await(master, "ready> ");
	terminal_type(master, "set -m; x=kept; sleep 1000 &\n");
	terminal_await(master, "ready> ");
	terminal_type(master, "echo ha");
	terminal_await(master, "echo ha");
	ready();
	terminal_type(master, "lf-$x\n");
	terminal_await(master, "half-kept");
	terminal_type(master, "jobs; echo job$((40 + 2))s\n");
	terminal_await(master, "Running");
	terminal_await(master, "job42s");
	terminal_await(master, "ready> ");
	terminal_type(master, "cat\n");
	terminal_type(master, "loud\n");
	terminal_await(master, "loud\r\nloud");
	terminal_type(master, "\003");
	terminal_await(master, "ready> ");
	terminal_type(master, "kill %1; exit 17\n");
	for (int status; waitpid(shell, &status, 0) == shell;)
		expect(WIFEXITED(status) && WEXITSTATUS(status) == 17, "the shell's status is %x",
		       (unsigned int)status);
}

const struct state state_terminal_shell = {
	.name = "terminal-shell",
	.summary = "a shell with jobs on a terminal",
	.run = run,
};
