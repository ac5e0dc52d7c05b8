/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Priority, affinity, scheduling and I/O classes. */
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

#define IOPRIO_IDLE (3 << 13)

static void run(void)
{
	const struct sched_param none = { 0 };
	cpu_set_t set, found;
	bool has_ioprio;

	CPU_ZERO(&set);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &set);
	must(sched_setaffinity(0, sizeof(set), &set));
	must(setpriority(PRIO_PROCESS, 0, 7));
	must(sched_setscheduler(0, SCHED_BATCH, &none));
	has_ioprio = syscall(SYS_ioprio_set, 1, 0, IOPRIO_IDLE) == 0;
	ready();
	must(sched_getaffinity(0, sizeof(found), &found));
	expect(CPU_EQUAL(&set, &found), "the affinity has changed");
	expect(CPU_ISSET(sched_getcpu(), &set), "the process runs on CPU %d", sched_getcpu());
	expect(getpriority(PRIO_PROCESS, 0) == 7, "the priority is %d",
	       getpriority(PRIO_PROCESS, 0));
	expect(sched_getscheduler(0) == SCHED_BATCH, "the scheduling class has changed");
	expect(!has_ioprio || syscall(SYS_ioprio_get, 1, 0) == IOPRIO_IDLE,
	       "the I/O class has changed");
}

const struct state state_affinity = {
	.name = "affinity",
	.summary = "nice, affinity, scheduling class",
	.run = run,
};
