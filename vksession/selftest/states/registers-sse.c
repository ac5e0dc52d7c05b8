/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSE registers live in a loop that makes no system call. */
#include "vksession/selftest/states/spin.h"
#include "vksession/selftest/states/state.h"

#define REGISTERS 16
#define SIZE	  16
#define LOAD	  SPIN_EACH(SPIN_0_TO_15, "movdqu 16*\\i(%[in]), %%xmm\\i")
#define STORE	  SPIN_EACH(SPIN_0_TO_15, "movdqu %%xmm\\i, 16*\\i(%[out])")

static unsigned char in[REGISTERS * SIZE], out[REGISTERS * SIZE];

static void spin(void)
{
	__asm__ volatile(LOAD SPIN_LOOP STORE
			 : [rounds] "+m"(spin_rounds)
			 : [in] "r"(in), [out] "r"(out), [stop] "m"(spin_stop)
			 : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
			   "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
			   "xmm15");
}

static void run(void)
{
	long wrong;

	pattern_fill(in, sizeof(in), PATTERN_SSE);
	spin_across_save(spin);
	wrong = pattern_differs(out, sizeof(out), PATTERN_SSE);
	expect(wrong < 0, "xmm%ld has changed in byte %ld", wrong / SIZE, wrong % SIZE);
}

const struct state state_registers_sse = {
	.name = "registers-sse",
	.summary = "XMM registers in a loop without system calls",
	.flags = STATE_SPINS,
	.run = run,
};
