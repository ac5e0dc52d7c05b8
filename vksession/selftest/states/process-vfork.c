/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parent that waits in vfork while its child runs. */
#include "vksession/selftest/states/state.h"

static volatile int in_child, leave, back;

static void *parent(void *data)
{
	/* The very call that is to be tested. NOLINTNEXTLINE(*-security.insecureAPI.vfork) */
	pid_t child = vfork();

	if (child == 0) {
		in_child = 1; /* the parent's memory, on purpose. NOLINT(*-unix.Vfork) */
		while (!leave)
			;
		_exit(3);
	}
	back = child;
	return NULL;
}

static void run(void)
{
	int status;

	start_thread(parent, NULL);
	await_word(&in_child, "the child's start");
	ready();
	expect(!back, "the parent does not wait for its child");
	leave = 1;
	await_word(&back, "the parent's return");
	expect(waitpid(back, &status, 0) == back && WEXITSTATUS(status) == 3,
	       "the child's status is lost");
}

const struct state state_process_vfork = {
	.name = "process-vfork",
	.summary = "a parent in vfork",
	.flags = STATE_SPINS,
	.run = run,
};
