/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals that are pending for the process and for one thread. */
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static volatile sig_atomic_t taken[32];

static void handler(int number)
{
	taken[number]++;
}

static void run(void)
{
	sigset_t all, pending;

	sigfillset(&all);
	must(sigprocmask(SIG_SETMASK, &all, NULL));
	signal(SIGUSR1, handler);
	signal(SIGUSR2, handler);
	signal(SIGHUP, handler);
	must(kill(getpid(), SIGUSR1));
	must(kill(getpid(), SIGUSR1));
	must(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR2));
	ready();
	must(sigpending(&pending));
	expect(sigismember(&pending, SIGUSR1) == 1, "SIGUSR1 is not pending any more");
	expect(sigismember(&pending, SIGUSR2) == 1, "SIGUSR2 is not pending any more");
	expect(sigismember(&pending, SIGHUP) == 0, "SIGHUP is pending");
	sigemptyset(&all);
	must(sigprocmask(SIG_SETMASK, &all, NULL));
	expect(taken[SIGUSR1] == 1 && taken[SIGUSR2] == 1 && taken[SIGHUP] == 0,
	       "taken: SIGUSR1 %d times, SIGUSR2 %d times, SIGHUP %d times", taken[SIGUSR1],
	       taken[SIGUSR2], taken[SIGHUP]);
}

const struct state state_signal_pending = {
	.name = "signal-pending",
	.summary = "pending signals of a process and a thread",
	.run = run,
};
