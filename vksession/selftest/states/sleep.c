/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that sleep: for a while, until a time of each clock. */
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static volatile int over[3];
static int64_t early[3];

static void *relative(void *data)
{
	int64_t end = now_ns(CLOCK_MONOTONIC) + 1500 * MS;
	struct timespec left = { 1, 500 * MS };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
	early[0] = end - now_ns(CLOCK_MONOTONIC);
	over[0] = 1;
	return NULL;
}

static void until(clockid_t clock, int number)
{
	int64_t end = now_ns(clock) + 1500 * MS;
	struct timespec time = { end / 1000000000, end % 1000000000 };

	while (clock_nanosleep(clock, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
	early[number] = end - now_ns(clock);
	over[number] = 1;
}

static void *until_realtime(void *data)
{
	until(CLOCK_REALTIME, 1);
	return NULL;
}

static void *until_monotonic(void *data)
{
	until(CLOCK_MONOTONIC, 2);
	return NULL;
}

static void run(void)
{
	static const char *const names[] = { "relative", "realtime", "monotonic" };

	start_thread(relative, NULL);
	start_thread(until_realtime, NULL);
	start_thread(until_monotonic, NULL);
	pass_time(100);
	ready();
	for (int i = 0; i < 3; i++) {
		await_word(&over[i], "the end of a sleep");
		expect(early[i] <= 0, "the %s sleep ended %lld us too early", names[i],
		       (long long)early[i] / 1000);
	}
}

const struct state state_sleep = {
	.name = "sleep",
	.summary = "sleeping threads",
	.run = run,
};
