/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that executes programs all the time. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	int64_t deadline;
	long before;
	pid_t child;

	if (!kernel_has("/bin/sh") || !kernel_has("/bin/echo"))
		skip("no /bin/sh or /bin/echo");
	child = fork_child();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c",
		      "n=0; while :; do [ \"$(/bin/echo $n)\" = $n ] || exit 1; n=$((n + 1));"
		      " echo $n > count; [ -e stop ] && exit 0; done",
		      NULL);
		_exit(127);
	}
	while (access("count", F_OK) < 0)
		pass_time(5);
	ready();
	before = atol(read_text("count"));
	deadline = now_ns(CLOCK_MONOTONIC) + 30000 * MS;
	while (atol(read_text("count")) <= before + 1) {
		expect(now_ns(CLOCK_MONOTONIC) < deadline, "the shell stands still");
		pass_time(5);
	}
	close((int)must(open("stop", O_CREAT | O_WRONLY, 0600)));
	expect_child(child, "the shell");
}

const struct state state_process_exec_loop = {
	.name = "process-exec-loop",
	.summary = "a shell that runs programs in a loop",
	.flags = STATE_SPINS,
	.run = run,
};
