/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timers that count the time in which a process computes. */
#include <sys/time.h>

#include "vksession/selftest/states/state.h"

static volatile int virtual_alarms, profile_alarms;

static void handler(int number)
{
	if (number == SIGVTALRM)
		virtual_alarms = 1;
	else
		profile_alarms = 1;
}

static void compute_until_alarms(void)
{
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + 60000 * MS;

	virtual_alarms = profile_alarms = 0;
	while (!virtual_alarms || !profile_alarms) {
		for (volatile int spin = 0; spin < 1000000; spin++)
			;
		expect(now_ns(CLOCK_MONOTONIC) < deadline, "the alarm of %s does not come",
		       virtual_alarms ? "ITIMER_PROF" : "ITIMER_VIRTUAL");
	}
}

static void run(void)
{
	const struct itimerval interval = { { 0, 30000 }, { 0, 30000 } };

	signal(SIGVTALRM, handler);
	signal(SIGPROF, handler);
	must(setitimer(ITIMER_VIRTUAL, &interval, NULL));
	must(setitimer(ITIMER_PROF, &interval, NULL));
	compute_until_alarms();
	ready();
	compute_until_alarms();
}

const struct state state_itimer_virtual = {
	.name = "itimer-virtual",
	.summary = "ITIMER_VIRTUAL and ITIMER_PROF",
	.run = run,
};
