/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that forks and waits all the time. */
#include "vksession/selftest/states/state.h"

static void fork_on(struct work *work)
{
	for (int i = 0; !work->stop; i++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(i % 200);
		if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != i % 200)
			work->bad = 1;
		work->rounds = 1;
	}
}

static void run(void)
{
	expect(!work_through(fork_on, "forking"),
	       "a child had another status, or could not be made");
}

const struct state state_process_fork_loop = {
	.name = "process-fork-loop",
	.summary = "fork and wait in a loop",
	.flags = STATE_SPINS,
	.run = run,
};
