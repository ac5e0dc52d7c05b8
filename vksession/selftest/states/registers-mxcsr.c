/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rounding mode of SSE and the flags it has raised, in a loop that makes no system call. */
#include "vksession/selftest/states/spin.h"
#include "vksession/selftest/states/state.h"

static const uint32_t control = 0x7fa1; /* towards zero, all masked, invalid and inexact raised */
static uint32_t found;

static void spin(void)
{
	__asm__ volatile("ldmxcsr %[control]\n\t" SPIN_LOOP "stmxcsr %[found]\n\t"
			 : [rounds] "+m"(spin_rounds), [found] "=m"(found)
			 : [control] "m"(control), [stop] "m"(spin_stop)
			 : "memory", "cc");
}

static void run(void)
{
	spin_across_save(spin);
	expect(found == control, "MXCSR was %08x and is %08x", control, found);
}

const struct state state_registers_mxcsr = {
	.name = "registers-mxcsr",
	.summary = "control and status of SSE",
	.flags = STATE_SPINS,
	.run = run,
};
