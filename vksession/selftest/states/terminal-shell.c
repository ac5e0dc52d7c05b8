/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shell on a terminal, with a job in the background and a line half typed. */
#include <sys/ioctl.h>
#include <termios.h>

#include "vksession/selftest/states/state.h"

#define SHELL_MS 60000

static int open_master(void)
{
	int master = (int)must(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));

	must(grantpt(master));
	must(unlockpt(master));
	return master;
}

/* Reads what the terminal prints until a text has come; what follows is for the next time. */
static void await_text(int master, const char *text)
{
	static char seen[65536];
	static size_t length;
	char *found;

	while (!(found = strstr(seen, text))) {
		ssize_t got;

		expect(becomes_readable(master, SHELL_MS), "the shell does not say '%s'", text);
		got = read(master, seen + length, sizeof(seen) - length - 1);
		expect(got > 0, "the terminal is gone: %s", strerror(errno));
		length += (size_t)got;
		seen[length] = '\0';
	}
	found += strlen(text);
	length = strlen(found);
	memmove(seen, found, length + 1);
}

static void type(int master, const char *text)
{
	must(write(master, text, strlen(text)));
}

static void be_shell(int master)
{
	const char *name = ptsname(master);

	setsid();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	if (open(name, O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2)
		_exit(1);
	ioctl(0, TIOCSCTTY, 0);
	setenv("PS1", "ready> ", 1);
	unsetenv("ENV");
	execl("/bin/sh", "sh", "-i", NULL);
	_exit(127);
}

static void run(void)
{
	int master = open_master();
	pid_t shell;

	if (!kernel_has("/bin/sh"))
		skip("no /bin/sh");
	shell = fork_child();
	if (shell == 0)
		be_shell(master);
	await_text(master, "ready> ");
	type(master, "set -m; x=kept; sleep 1000 &\n");
	await_text(master, "ready> ");
	type(master, "echo ha");
	await_text(master, "echo ha");
	ready();
	type(master, "lf-$x\n");
	await_text(master, "half-kept");
	type(master, "jobs; echo job$((40 + 2))s\n");
	await_text(master, "Running");
	await_text(master, "job42s");
	type(master, "cat\n");
	type(master, "loud\n");
	await_text(master, "loud\r\nloud");
	type(master, "\003");
	await_text(master, "ready> ");
	type(master, "kill %1; exit 17\n");
	for (int status; waitpid(shell, &status, 0) == shell;)
		expect(WIFEXITED(status) && WEXITSTATUS(status) == 17, "the shell's status is %x",
		       (unsigned int)status);
}

const struct state state_terminal_shell = {
	.name = "terminal-shell",
	.summary = "a shell with jobs on a terminal",
	.run = run,
};
