/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interval timer of a process and its signals. */
#include <sys/time.h>

#include "vksession/selftest/states/state.h"

static volatile int alarms;

static void handler(int number)
{
	alarms++;
}

static void run(void)
{
	const struct itimerval interval = { { 0, 50000 }, { 0, 50000 } };
	struct itimerval found;

	signal(SIGALRM, handler);
	must(setitimer(ITIMER_REAL, &interval, NULL));
	await_word(&alarms, "the first alarm");
	ready();
	must(getitimer(ITIMER_REAL, &found));
	expect(found.it_interval.tv_usec == 50000 && found.it_interval.tv_sec == 0,
	       "the interval has changed");
	alarms = 0;
	await_word(&alarms, "the next alarm");
}

const struct state state_itimer_real = {
	.name = "itimer-real",
	.summary = "ITIMER_REAL",
	.run = run,
};
