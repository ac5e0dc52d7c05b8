/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queued signals with their values, in order. */
#include "vksession/selftest/states/state.h"

#define COUNT 20

static void *number_of(int i)
{
	return (void *)(uintptr_t)pattern_number(PATTERN_QUEUE + (unsigned int)i, 64);
}

static void run(void)
{
	const struct timespec no_time = { 0 };
	union sigval value;
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	for (int i = 0; i < COUNT; i++) {
		value.sival_ptr = number_of(i);
		must(sigqueue(getpid(), SIGRTMIN + i % 2, value));
	}
	ready();
	for (int i = 0; i < COUNT; i++) {
		int number = SIGRTMIN + (i >= COUNT / 2);
		void *wanted = number_of(i >= COUNT / 2 ? (i - COUNT / 2) * 2 + 1 : i * 2);

		expect(sigtimedwait(&set, &info, &no_time) == number, "queued signal %d is lost",
		       i);
		expect(info.si_value.sival_ptr == wanted && info.si_code == SI_QUEUE &&
			       info.si_pid == getpid(),
		       "queued signal %d brings %p instead of %p", i, info.si_value.sival_ptr,
		       wanted);
	}
	expect(sigtimedwait(&set, &info, &no_time) < 0, "there is a signal too many");
}

const struct state state_signal_queue = {
	.name = "signal-queue",
	.summary = "queued signals with values",
	.run = run,
};
