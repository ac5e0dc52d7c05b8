/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer that counts the time in which a process computes itself. */
#include <sys/resource.h>
#include <sys/time.h>

#include "vksession/selftest/states/itimer.h"
#include "vksession/selftest/states/state.h"

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
	need_user_time();
	check_cpu_itimer(ITIMER_VIRTUAL, SIGVTALRM);
}

const struct state state_itimer_virtual = {
	.name = "itimer-virtual",
	.summary = "ITIMER_VIRTUAL",
	.run = run,
};
