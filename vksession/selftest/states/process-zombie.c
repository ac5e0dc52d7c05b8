/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child that has ended and that nobody has waited for yet. */
#include "vksession/selftest/states/state.h"

static void run(void)
{
	pid_t exited = fork_child();
	pid_t killed;
	siginfo_t info = { 0 };
	int status;

	if (exited == 0)
		_exit(123);
	killed = fork_child();
	if (killed == 0) {
		for (;;)
			pause();
	}
	must(kill(killed, SIGTERM));
	await_process_state(exited, 'Z');
	await_process_state(killed, 'Z');
	ready();
	must(waitid(P_PID, (id_t)exited, &info, WEXITED | WNOWAIT));
	expect(info.si_code == CLD_EXITED && info.si_status == 123, "the status is %d",
	       info.si_status);
	expect(waitpid(exited, &status, WNOHANG) == exited && WEXITSTATUS(status) == 123,
	       "the zombie is lost");
	expect(waitpid(killed, &status, WNOHANG) == killed && WIFSIGNALED(status) &&
		       WTERMSIG(status) == SIGTERM,
	       "the signal that ended a child is lost");
	expect(waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD, "there is a child too many");
}

const struct state state_process_zombie = {
	.name = "process-zombie",
	.summary = "ended children that are not waited for",
	.run = run,
};
