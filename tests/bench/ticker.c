/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs in a guest while it is saved, and notices how long it stood still. The guest's monotonic
 * clock stands still with it, by design, so it can't tell. Two others can:
 *   - the guest's wall clock, which is the host's again as soon as the guest goes on: the longest
 *     step between two looks at it is the pause, seen from inside;
 *   - the host, to which a byte goes at every tick: the longest time without one is the pause, seen
 *     from outside, with the way through the control channel.
 * Ticks every 0.2 ms. For each byte of its stdin, and when that ends, it prints a line of its own
 * with its longest steps since the last one in microseconds: by the wall clock, by the monotonic
 * clock.
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

/** The longest steps of the clocks. */
struct steps {
	int64_t real, monotonic;
};

/* @return whether there is more to come */
static int answer(struct steps *longest)
{
	char asked;
	int more = read(0, &asked, 1) == 1;

	printf("\n%lld %lld\n", (long long)longest->real, (long long)longest->monotonic);
	fflush(stdout);
	*longest = (struct steps){ 0 };
	return more;
}

int main(void)
{
	struct steps last = { clock_us(CLOCK_REALTIME), clock_us(CLOCK_MONOTONIC) },
		     longest = { 0 };
	struct pollfd input = { .fd = 0, .events = POLLIN };
	const struct timespec tick = { .tv_nsec = TICK_NS };

	for (;;) {
		int asked = ppoll(&input, 1, &tick, NULL);

		note_step(CLOCK_REALTIME, &last.real, &longest.real);
		note_step(CLOCK_MONOTONIC, &last.monotonic, &longest.monotonic);
		if (asked && !answer(&longest))
			return 0;
		if (write(1, ".", 1) != 1)
			return 1;
	}
}
