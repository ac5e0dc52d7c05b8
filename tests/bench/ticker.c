/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs in a guest while it is saved, and notices how long it stood still. The guest's monotonic
 * clock stands still with it, by design, so it can't tell. Two others can:
 *   - the guest's wall clock, which is the host's again as soon as the guest goes on: the longest
 *     step between two looks at it is the pause, seen from inside;
 *   - the host, to which a byte goes at every tick: the longest time without one is the pause, seen
 *     from outside, with the way through the control channel.
 * Ticks every 0.2 ms until its stdin ends, then prints its longest steps in microseconds after a
 * newline: by the wall clock, by the monotonic clock.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 200000

static int64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Notes the step of a clock since it was last looked at. */
static void note_step(clockid_t clock, int64_t *last, int64_t *longest)
{
	int64_t now = clock_us(clock);

	if (now - *last > *longest)
		*longest = now - *last;
	*last = now;
}

int main(void)
{
	int64_t real = clock_us(CLOCK_REALTIME), longest_real = 0;
	int64_t monotonic = clock_us(CLOCK_MONOTONIC), longest_monotonic = 0;
	struct pollfd input = { .fd = 0, .events = POLLIN };
	const struct timespec tick = { .tv_nsec = TICK_NS };

	while (ppoll(&input, 1, &tick, NULL) == 0) {
		note_step(CLOCK_REALTIME, &real, &longest_real);
		note_step(CLOCK_MONOTONIC, &monotonic, &longest_monotonic);
		if (write(1, ".", 1) != 1)
			return 1;
	}
	printf("\n%lld %lld\n", (long long)longest_real, (long long)longest_monotonic);
	return 0;
}
