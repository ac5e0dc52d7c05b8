/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process whose parent has ended, taken over by a subreaper. */
#include <sys/prctl.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	pid_t middle, orphan = 0;
	int ends[2], gate[2], status;
	char byte = 0;

	must(prctl(PR_SET_CHILD_SUBREAPER, 1));
	must(pipe(ends));
	must(pipe(gate));
	middle = (pid_t)must(fork());
	if (middle == 0) {
		orphan = fork();
		if (orphan == 0) {
			close(gate[1]);
			_exit(read(gate[0], &byte, 1) == 1 ? 42 : 1);
		}
		_exit(write(ends[1], &orphan, sizeof(orphan)) != sizeof(orphan));
	}
	expect_child(middle, "the middle process");
	read_all(ends[0], &orphan, sizeof(orphan));
	ready();
	expect(kill(orphan, 0) == 0, "the orphan has gone");
	must(write(gate[1], "x", 1));
	expect(waitpid(orphan, &status, 0) == orphan, "the orphan is not ours: %s",
	       strerror(errno));
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 42, "the orphan's status is %x",
	       (unsigned int)status);
}

const struct state state_process_orphan = {
	.name = "process-orphan",
	.summary = "an orphan and its subreaper",
	.run = run,
};
