/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PID namespace with a first process and a mount namespace with its own /proc. */
#include <sched.h>
#include <sys/mount.h>

#include "vksession/selftest/states/state.h"

static void be_first(int in, int out)
{
	char byte = 0;
	int status = 0;
	pid_t child;

	if (mount("proc", "/proc", "proc", 0, NULL) < 0)
		status = 1;
	child = fork();
	if (child == 0)
		_exit(read(in, &byte, 1) == 1 && getpid() == 2 && getppid() == 1 ? 0 : 1);
	if (getpid() != 1 || child != 2 || write(out, "r", 1) != 1)
		status = 2;
	if (waitpid(child, &status, 0) != child)
		status = 3;
	_exit(status != 0 || access("/proc/2/stat", F_OK) == 0);
}

static void run(void)
{
	int to[2], from[2];
	char byte;
	pid_t first;

	enter_user_namespace(CLONE_NEWPID | CLONE_NEWNS);
	must(pipe(to));
	must(pipe(from));
	first = fork_child();
	if (first == 0)
		be_first(to[0], from[1]);
	read_all(from[0], &byte, 1);
	ready();
	must(write(to[1], "x", 1));
	expect_child(first, "the first process of the namespace");
}

const struct state state_namespace_pid = {
	.name = "namespace-pid",
	.summary = "PID and mount namespaces",
	.run = run,
};
