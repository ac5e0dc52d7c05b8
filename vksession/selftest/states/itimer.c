/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/itimer.h"

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

void check_cpu_itimer(int which, int signal_number)
{
	const struct itimerval interval = { { 0, 30000 }, { 0, 30000 } };

	signal(signal_number, handler);
	must(setitimer((__itimer_which_t)which, &interval, NULL));
	expect(alarm_comes(), "the first alarm does not come");
	ready();
	expect(alarm_comes(), "the next alarm does not come");
}
