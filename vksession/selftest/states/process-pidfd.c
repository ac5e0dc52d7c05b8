/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors of processes. */
#include <poll.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	pid_t child = fork_child();
	siginfo_t info = { 0 };
	int fd;

	if (child == 0) {
		for (;;)
			pause();
	}
	fd = (int)must(syscall(SYS_pidfd_open, child, 0));
	ready();
	expect(!becomes_readable(fd, 0), "the descriptor tells of an end that has not been");
	must(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
	expect(becomes_readable(fd, 30000), "the end is not told");
	must(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
	expect(info.si_pid == child && info.si_status == SIGKILL, "another status came");
}

const struct state state_process_pidfd = {
	.name = "process-pidfd",
	.summary = "a pidfd",
	.run = run,
};
