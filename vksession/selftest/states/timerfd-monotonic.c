/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers by the time that the guest has run. */
#include "vksession/selftest/states/state.h"
#include "vksession/selftest/states/timerfd.h"

static void run(void)
{
	check_timerfds(CLOCK_MONOTONIC);
}

const struct state state_timerfd_monotonic = {
	.name = "timerfd-monotonic",
	.summary = "timerfds on CLOCK_MONOTONIC",
	.run = run,
};
