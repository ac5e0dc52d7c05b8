/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child and a grandchild: who is whose parent, who is in which group and session. */
#include "vksession/selftest/states/state.h"

struct family {
	pid_t child, grandchild;
};

static void be_grandchild(int in, int out)
{
	pid_t parent = getppid();
	pid_t ids[2];
	char byte;

	setpgid(0, 0);
	if (write(out, "g", 1) != 1 || read(in, &byte, 1) != 1)
		_exit(1);
	ids[0] = getppid() == parent ? getpid() : 0;
	ids[1] = getpgrp();
	if (write(out, ids, sizeof(ids)) != sizeof(ids))
		_exit(1);
	_exit(7);
}

static void be_child(int in, int out)
{
	pid_t grandchild;
	int status;

	setsid();
	grandchild = fork();
	if (grandchild == 0)
		be_grandchild(in, out);
	if (write(out, &grandchild, sizeof(grandchild)) != sizeof(grandchild))
		_exit(1);
	waitpid(grandchild, &status, 0);
	_exit(WIFEXITED(status) && WEXITSTATUS(status) == 7 && getsid(0) == getpid() ? 0 : 2);
}

static void run(void)
{
	int to[2], from[2], numbers[2], grandchild_pid = 0;
	pid_t ids[2];
	pid_t child;
	char seen[sizeof(pid_t) + 1];

	must(pipe(to));
	must(pipe(from));
	child = fork_child();
	if (child == 0)
		be_child(to[0], from[1]);
	/* The grandchild's byte and its number come in either order. */
	read_all(from[0], seen, sizeof(seen));
	memcpy(&numbers[0], seen, sizeof(pid_t));
	memcpy(&numbers[1], seen + 1, sizeof(pid_t));
	grandchild_pid = seen[0] == 'g' && kill(numbers[1], 0) == 0 ? numbers[1] : numbers[0];
	ready();
	expect(getsid(child) == child, "the child's session has changed");
	expect(getpgid(grandchild_pid) == grandchild_pid, "the grandchild's group has changed");
	expect(getsid(grandchild_pid) == child, "the grandchild's session has changed");
	must(write(to[1], "x", 1));
	read_all(from[0], ids, sizeof(ids));
	expect(ids[0] == grandchild_pid, "the grandchild has another number or parent");
	expect(ids[1] == grandchild_pid, "the grandchild's group has changed");
	expect_child(child, "the child");
}

const struct state state_process_tree = {
	.name = "process-tree",
	.summary = "parents, children, groups, sessions",
	.run = run,
};
