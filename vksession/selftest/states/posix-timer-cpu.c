/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timer by the CPU time of a thread. */
#include "vksession/selftest/states/state.h"

static volatile int fired;

static void handler(int number)
{
	fired = 1;
}

static void run(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	const struct itimerspec spec = { .it_value = { 0, 20 * MS },
					 .it_interval = { 0, 20 * MS } };
	int64_t deadline = 0;
	timer_t timer;

	signal(SIGRTMIN, handler);
	must(timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer));
	must(timer_settime(timer, 0, &spec, NULL));
	ready();
	for (int i = 0; i < 3; i++) {
		fired = 0;
		deadline = now_ns(CLOCK_MONOTONIC) + 60000 * MS;
		while (!fired)
			expect(now_ns(CLOCK_MONOTONIC) < deadline, "the timer does not fire");
	}
}

const struct state state_posix_timer_cpu = {
	.name = "posix-timer-cpu",
	.summary = "a timer by CPU time",
	.run = run,
};
