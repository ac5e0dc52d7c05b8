/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No clock goes back; the time since boot goes on as the host's wall clock does, and the wall clock
 * is the host's, after a boot as after a thaw.
 */
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

#define CLOCKS 7
#define TRIES  20

/*
 * By so much the guest's clocks may come to differ from the host's, which is stepped now and then.
 * A freeze whose time is not counted makes more of a difference (DOWN_US in selftest.c).
 */
#define STEP_NS (300 * MS)

/* The time of a new file of the host is the host's. */
static int64_t host_time(void)
{
	const char *path = at_place("hostfs", "clock");
	struct stat st;
	int fd = (int)must(open(path, O_CREAT | O_EXCL | O_WRONLY, 0600));

	must(fstat(fd, &st));
	must(unlink(path));
	close(fd);
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* A clock of the guest, less the host's. What passes between two readings is not in it. */
static int64_t ahead_of_host(clockid_t clock)
{
	int64_t least = INT64_MAX, ahead = 0;

	for (int i = 0; i < TRIES; i++) {
		int64_t before = now_ns(clock);
		int64_t host = host_time();
		int64_t took = now_ns(clock) - before;

		if (took >= least)
			continue;
		least = took;
		ahead = before + took / 2 - host;
	}
	return ahead;
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
	int64_t before[CLOCKS], boot = ahead_of_host(CLOCK_BOOTTIME), wall;

	for (int i = 0; i < CLOCKS; i++)
		before[i] = now_ns(clocks[i]);
	ready();
	for (int i = 0; i < CLOCKS; i++) {
		int64_t passed = now_ns(clocks[i]) - before[i];

		expect(passed >= 0, "CLOCK_%s went back by %lld us", names[i],
		       (long long)-passed / 1000);
	}
	boot = ahead_of_host(CLOCK_BOOTTIME) - boot;
	expect(boot > -STEP_NS && boot < STEP_NS,
	       "CLOCK_BOOTTIME went on by %lld ms more than the host's clock",
	       (long long)(boot / MS));
	wall = ahead_of_host(CLOCK_REALTIME);
	expect(wall < STEP_NS && wall > -STEP_NS,
	       "CLOCK_REALTIME is ahead of the host's clock by %lld ms", (long long)(wall / MS));
}

const struct state state_clocks = {
	.name = "clocks",
	.summary = "all clocks",
	.run = run,
};
