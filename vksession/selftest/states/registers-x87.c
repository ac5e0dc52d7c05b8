/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Eight values on the x87 stack and its control word, in a loop that makes no system call. */
#include "vksession/selftest/states/spin.h"
#include "vksession/selftest/states/state.h"

static double in[8], out[8];
static const uint16_t control_in = 0x0a7f; /* round up, 53 bits, no exceptions */
static uint16_t control_out;

static void spin(void)
{
	__asm__ volatile(
		"fninit\n\t"
		"fldcw %[control_in]\n\t"
		"fldl 56(%[in])\n\t"
		"fldl 48(%[in])\n\t"
		"fldl 40(%[in])\n\t"
		"fldl 32(%[in])\n\t"
		"fldl 24(%[in])\n\t"
		"fldl 16(%[in])\n\t"
		"fldl 8(%[in])\n\t"
		"fldl 0(%[in])\n\t" SPIN_LOOP "fnstcw %[control_out]\n\t"
		"fstpl 0(%[out])\n\t"
		"fstpl 8(%[out])\n\t"
		"fstpl 16(%[out])\n\t"
		"fstpl 24(%[out])\n\t"
		"fstpl 32(%[out])\n\t"
		"fstpl 40(%[out])\n\t"
		"fstpl 48(%[out])\n\t"
		"fstpl 56(%[out])\n\t"
		"fninit\n\t"
		: [rounds] "+m"(spin_rounds), [control_out] "=m"(control_out)
		: [in] "r"(in), [out] "r"(out), [stop] "m"(spin_stop), [control_in] "m"(control_in)
		: "memory", "cc", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)",
		  "st(7)");
}

static void run(void)
{
	for (int i = 0; i < 8; i++)
		in[i] = 1.0 / (i + 3);
	spin_across_save(spin);
	for (int i = 0; i < 8; i++)
		expect(in[i] == out[i], "st(%d) was %.17g and is %.17g", i, in[i], out[i]);
	expect(control_in == control_out, "the control word was %04x and is %04x", control_in,
	       control_out);
}

const struct state state_registers_x87 = {
	.name = "registers-x87",
	.summary = "the x87 stack in a loop without system calls",
	.flags = STATE_SPINS,
	.run = run,
};
