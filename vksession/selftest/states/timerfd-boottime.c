/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers by the time since boot, saved time included. */
#include "vksession/selftest/states/state.h"
#include "vksession/selftest/states/timerfd.h"

static void run(void)
{
	check_timerfds(CLOCK_BOOTTIME);
}

const struct state state_timerfd_boottime = {
	.name = "timerfd-boottime",
	.summary = "timerfds on CLOCK_BOOTTIME",
	.run = run,
};
