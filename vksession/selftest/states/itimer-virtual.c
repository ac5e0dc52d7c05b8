/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer that counts the time in which a process computes itself. */
#include <sys/time.h>

#include "vksession/selftest/states/itimer.h"
#include "vksession/selftest/states/state.h"

static void run(void)
{
	check_cpu_itimer(ITIMER_VIRTUAL, SIGVTALRM);
}

const struct state state_itimer_virtual = {
	.name = "itimer-virtual",
	.summary = "ITIMER_VIRTUAL",
	.run = run,
};
