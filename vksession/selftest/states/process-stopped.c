/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stopped process, and a wait for its child that goes on. */
#include "vksession/selftest/states/state.h"

static void run(void)
{
	pid_t child = fork_child();
	int status;

	if (child == 0) {
		raise(SIGSTOP);
		_exit(9);
	}
	expect(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status),
	       "the child does not stop");
	ready();
	await_process_state(child, 'T');
	must(kill(child, SIGCONT));
	expect(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status),
	       "the child's going on is not told");
	expect(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 9,
	       "the child's status is lost");
}

const struct state state_process_stopped = {
	.name = "process-stopped",
	.summary = "a stopped process",
	.run = run,
};
