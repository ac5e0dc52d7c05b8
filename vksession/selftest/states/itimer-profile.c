/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer that counts the time in which a process computes or the kernel works for it. */
#include <sys/time.h>

#include "vksession/selftest/states/state.h"

static volatile int alarms;

static void handler(int number)
{
	alarms = 1;
}

static bool alarm_comes(void)
{
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + 60000 * MS;

	alarms = 0;
	while (!alarms && now_ns(CLOCK_MONOTONIC) < deadline) {
		for (volatile int spin = 0; spin < 1000000; spin++)
			;
	}
	return alarms;
}

static void run(void)
{
	const struct itimerval interval = { { 0, 30000 }, { 0, 30000 } };

	signal(SIGPROF, handler);
	must(setitimer(ITIMER_PROF, &interval, NULL));
	expect(alarm_comes(), "the first alarm does not come");
	ready();
	expect(alarm_comes(), "the next alarm does not come");
}

const struct state state_itimer_profile = {
	.name = "itimer-profile",
	.summary = "ITIMER_PROF",
	.run = run,
};
