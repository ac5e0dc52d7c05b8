/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers for moments of the wall clock, one soon after the other: those whose moment has come while
 * the guest was saved fire at once when it is thawed.
 */
#include "vksession/selftest/states/state.h"
#include "vksession/selftest/states/timerfd.h"

/* At least one is between the stop of the guest and LATE_NS before its thaw (DOWN_US in
   selftest.c), unless more time passes before that than there are timers for. */
#define TIMERS	   720
#define SPACING_NS (250 * MS)
/* As late may a timer be when all programs of the guest want the processor at once. */
#define LATE_NS	   (900 * MS)

static bool has_fired(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

static void run(void)
{
	int64_t first = now_ns(CLOCK_REALTIME) + SPACING_NS;
	int fds[TIMERS];
	int64_t now;

	for (int i = 0; i < TIMERS; i++) {
		fds[i] =
			start_timerfd(CLOCK_REALTIME, TFD_TIMER_ABSTIME, first + i * SPACING_NS, 0);
		must(fcntl(fds[i], F_SETFL, O_NONBLOCK));
	}
	ready();
	now = now_ns(CLOCK_REALTIME);
	for (int i = 0; i < TIMERS; i++) {
		int64_t late = now - (first + i * SPACING_NS);

		if (late > LATE_NS)
			expect(has_fired(fds[i]), "timer %d should have fired %lld ms ago", i,
			       (long long)(late / MS));
	}
	/* From the last one, as time goes on. */
	for (int i = TIMERS - 1; i >= 0 && first + i * SPACING_NS > now_ns(CLOCK_REALTIME); i--)
		expect(!has_fired(fds[i]), "timer %d has fired too early", i);
}

const struct state state_timerfd_passed = {
	.name = "timerfd-passed",
	.summary = "timers whose time comes while the guest is saved",
	.run = run,
};
