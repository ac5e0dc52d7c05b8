/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stopped process, and a wait for its child that goes on. */
#include "vksession/selftest/states/state.h"

static void run(void)
{
	int end_now[2], status;
	char byte = 0;
	pid_t child;

	must(pipe(end_now));
	child = fork_child();
	if (child == 0) {
		raise(SIGSTOP);
		/* of one that has ended nobody is told that it had gone on */
		must(read(end_now[0], &byte, 1));
		_exit(9);
	}
	expect(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status),
	       "the child does not stop");
	ready();
	await_process_state(child, 'T');
	must(kill(child, SIGCONT));
	expect(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status),
	       "the child's going on is not told");
	must(write(end_now[1], &byte, 1));
	expect(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 9,
	       "the child's status is lost");
}

const struct state state_process_stopped = {
	.name = "process-stopped",
	.summary = "a stopped process",
	.run = run,
};
