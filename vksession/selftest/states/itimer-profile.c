/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer that counts the time in which a process computes or the kernel works for it. */
#include <sys/time.h>

#include "vksession/selftest/states/itimer.h"
#include "vksession/selftest/states/state.h"

static void run(void)
{
	check_cpu_itimer(ITIMER_PROF, SIGPROF);
}

const struct state state_itimer_profile = {
	.name = "itimer-profile",
	.summary = "ITIMER_PROF",
	.run = run,
};
