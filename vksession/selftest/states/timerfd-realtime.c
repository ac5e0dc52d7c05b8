/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers by the wall clock. */
#include "vksession/selftest/states/state.h"
#include "vksession/selftest/states/timerfd.h"

static void run(void)
{
	check_timerfds(CLOCK_REALTIME);
}

const struct state state_timerfd_realtime = {
	.name = "timerfd-realtime",
	.summary = "timerfds on CLOCK_REALTIME",
	.run = run,
};
