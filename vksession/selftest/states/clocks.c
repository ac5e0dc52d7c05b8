/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No clock goes back; the time since boot goes on at least as far as the monotonic one. */
#include <sys/time.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	static const clockid_t clocks[] = { CLOCK_MONOTONIC,	      CLOCK_MONOTONIC_RAW,
					    CLOCK_BOOTTIME,	      CLOCK_REALTIME,
					    CLOCK_PROCESS_CPUTIME_ID, CLOCK_MONOTONIC_COARSE };
	static const char *const names[] = { "MONOTONIC", "MONOTONIC_RAW",	"BOOTTIME",
					     "REALTIME",  "PROCESS_CPUTIME_ID", "MONOTONIC_COARSE" };
	int64_t before[6], passed[6];

	for (int i = 0; i < 6; i++)
		before[i] = now_ns(clocks[i]);
	ready();
	for (int i = 0; i < 6; i++) {
		passed[i] = now_ns(clocks[i]) - before[i];
		expect(passed[i] >= 0, "CLOCK_%s went back by %lld us", names[i],
		       (long long)-passed[i] / 1000);
	}
	expect(passed[2] >= passed[0] - 20 * MS, "CLOCK_BOOTTIME lags by %lld ms",
	       (long long)((passed[0] - passed[2]) / MS));
	expect(passed[3] >= passed[0] - 1000 * MS, "CLOCK_REALTIME lags by %lld ms",
	       (long long)((passed[0] - passed[3]) / MS));
	expect(passed[2] - passed[0] > passed[3] - passed[0] - 2000 * MS,
	       "CLOCK_BOOTTIME does not include the time that passed while the guest was saved");
}

const struct state state_clocks = {
	.name = "clocks",
	.summary = "all clocks",
	.run = run,
};
