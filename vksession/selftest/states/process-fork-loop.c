/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that forks and waits all the time. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

struct shared {
	volatile int rounds, stop, bad;
};

static void fork_on(struct shared *shared)
{
	for (int i = 0; !shared->stop; i++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(i % 200);
		if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != i % 200)
			shared->bad = 1;
		shared->rounds = 1;
	}
	_exit(0);
}

static void run(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	expect(shared != MAP_FAILED, "mmap: %s", strerror(errno));
	child = fork_child();
	if (child == 0)
		fork_on(shared);
	await_word(&shared->rounds, "forking");
	ready();
	shared->rounds = 0;
	await_word(&shared->rounds, "forking");
	shared->stop = 1;
	expect_child(child, "the process that forks");
	expect(!shared->bad, "a child had another status, or could not be made");
}

const struct state state_process_fork_loop = {
	.name = "process-fork-loop",
	.summary = "fork and wait in a loop",
	.flags = STATE_SPINS,
	.run = run,
};
