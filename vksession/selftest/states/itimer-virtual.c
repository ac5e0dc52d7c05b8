/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer that counts the time in which a process computes itself. */
#include <sys/resource.h>
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

/* A kernel whose ticks never find a program computing has nothing that this timer could count. */
static void need_user_time(void)
{
	int64_t end = now_ns(CLOCK_MONOTONIC) + 1000 * MS;
	struct rusage usage;

	while (now_ns(CLOCK_MONOTONIC) < end) {
		for (volatile int spin = 0; spin < 1000000; spin++)
			;
	}
	must(getrusage(RUSAGE_SELF, &usage));
	if (usage.ru_utime.tv_sec == 0 && usage.ru_utime.tv_usec == 0)
		skip("this kernel counts no user time");
}

static void run(void)
{
	const struct itimerval interval = { { 0, 30000 }, { 0, 30000 } };

	need_user_time();
	signal(SIGVTALRM, handler);
	must(setitimer(ITIMER_VIRTUAL, &interval, NULL));
	expect(alarm_comes(), "the first alarm does not come");
	ready();
	expect(alarm_comes(), "the next alarm does not come");
}

const struct state state_itimer_virtual = {
	.name = "itimer-virtual",
	.summary = "ITIMER_VIRTUAL",
	.run = run,
};
