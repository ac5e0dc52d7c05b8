/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers by the clocks that would wake a sleeping machine. */
#include "vksession/selftest/states/state.h"
#include "vksession/selftest/states/timerfd.h"

#define DELAY_NS (1500 * MS)

static void run(void)
{
	static const clockid_t alarms[] = { CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM };
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_BOOTTIME };
	static const char *const names[] = { "REALTIME_ALARM", "BOOTTIME_ALARM" };
	int64_t targets[2];
	int fds[2];

	for (int i = 0; i < 2; i++) {
		targets[i] = now_ns(clocks[i]) + DELAY_NS;
		fds[i] = start_timerfd(alarms[i], TFD_TIMER_ABSTIME, targets[i], 0);
	}
	ready();
	for (int i = 0; i < 2; i++) {
		expect(becomes_readable(fds[i], 30000), "the timer of CLOCK_%s does not fire",
		       names[i]);
		expect(now_ns(clocks[i]) >= targets[i], "the timer of CLOCK_%s fires %lld ms early",
		       names[i], (long long)((targets[i] - now_ns(clocks[i])) / MS));
	}
}

const struct state state_timerfd_alarm = {
	.name = "timerfd-alarm",
	.summary = "timerfds on the alarm clocks",
	.flags = STATE_ROOT, /* for CAP_WAKE_ALARM */
	.run = run,
};
