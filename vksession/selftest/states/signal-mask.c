/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mask of blocked signals, and what is done at each of them. */
#include "vksession/selftest/states/state.h"

static void handler(int number)
{
}

static void run(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART | SA_NODEFER };
	struct sigaction found;
	uint64_t mask = pattern_signals(PATTERN_MASK);
	sigset_t blocked, now;

	sigemptyset(&blocked);
	memcpy(&blocked, &mask, sizeof(mask));
	sigaddset(&action.sa_mask, SIGHUP);
	must(sigaction(SIGUSR1, &action, NULL));
	signal(SIGWINCH, SIG_IGN);
	must(sigprocmask(SIG_SETMASK, &blocked, NULL));
	ready();
	mask = pattern_signals(PATTERN_MASK);
	memcpy(&blocked, &mask, sizeof(mask));
	must(sigprocmask(SIG_BLOCK, NULL, &now));
	for (int i = 1; i <= SIGRTMAX; i++)
		expect(sigismember(&blocked, i) == sigismember(&now, i), "signal %d is%s blocked",
		       i, sigismember(&now, i) ? "" : " not");
	must(sigaction(SIGUSR1, NULL, &found));
	expect(found.sa_handler == handler && sigismember(&found.sa_mask, SIGHUP) == 1 &&
		       (found.sa_flags & (SA_RESTART | SA_NODEFER)) == (SA_RESTART | SA_NODEFER),
	       "the action of SIGUSR1 has changed");
	must(sigaction(SIGWINCH, NULL, &found));
	expect(found.sa_handler == SIG_IGN, "SIGWINCH is not ignored any more");
}

const struct state state_signal_mask = {
	.name = "signal-mask",
	.summary = "blocked signals, actions",
	.run = run,
};
