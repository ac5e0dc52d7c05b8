/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No clock goes back; the wall clock and the time since boot go on by the time of a freeze as well.
 */
#include "vksession/selftest/states/state.h"

#define CLOCKS 7

/*
 * By so much the two may come to differ: the host's clock is stepped now and then, and the guest's
 * follows. A freeze whose time is not counted makes more of a difference (DOWN_US in selftest.c).
 */
#define STEP_NS (300 * MS)

/* The time since boot, less the wall clock: what passed between two readings is not in it. */
static int64_t boot_less_wall(void)
{
	int64_t least = INT64_MAX, difference = 0;

	for (int i = 0; i < 20; i++) {
		int64_t first = now_ns(CLOCK_BOOTTIME);
		int64_t wall = now_ns(CLOCK_REALTIME);
		int64_t second = now_ns(CLOCK_BOOTTIME);

		if (second - first >= least)
			continue;
		least = second - first;
		difference = first + least / 2 - wall;
	}
	return difference;
}

static void run(void)
{
	static const clockid_t clocks[CLOCKS] = {
		CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE,
		CLOCK_BOOTTIME,	 CLOCK_REALTIME,      CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_TAI,
	};
	static const char *const names[CLOCKS] = {
		"MONOTONIC",	      "MONOTONIC_RAW", "MONOTONIC_COARSE", "BOOTTIME", "REALTIME",
		"PROCESS_CPUTIME_ID", "TAI",
	};
	int64_t before[CLOCKS], difference = boot_less_wall();

	for (int i = 0; i < CLOCKS; i++)
		before[i] = now_ns(clocks[i]);
	ready();
	for (int i = 0; i < CLOCKS; i++) {
		int64_t passed = now_ns(clocks[i]) - before[i];

		expect(passed >= 0, "CLOCK_%s went back by %lld us", names[i],
		       (long long)-passed / 1000);
	}
	difference = boot_less_wall() - difference;
	expect(difference < STEP_NS && difference > -STEP_NS,
	       "CLOCK_BOOTTIME went on by %lld ms more than CLOCK_REALTIME",
	       (long long)(difference / MS));
}

const struct state state_clocks = {
	.name = "clocks",
	.summary = "all clocks",
	.run = run,
};
