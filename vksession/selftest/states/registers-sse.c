/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSE registers live in a loop that makes no system call. */
#include "vksession/selftest/states/spin.h"
#include "vksession/selftest/states/state.h"

#define REGISTERS 16
#define SIZE	  16

static unsigned char in[REGISTERS * SIZE], out[REGISTERS * SIZE];

static void spin(void)
{
	__asm__ volatile("movdqu 0(%[in]), %%xmm0\n\t"
			 "movdqu 16(%[in]), %%xmm1\n\t"
			 "movdqu 32(%[in]), %%xmm2\n\t"
			 "movdqu 48(%[in]), %%xmm3\n\t"
			 "movdqu 64(%[in]), %%xmm4\n\t"
			 "movdqu 80(%[in]), %%xmm5\n\t"
			 "movdqu 96(%[in]), %%xmm6\n\t"
			 "movdqu 112(%[in]), %%xmm7\n\t"
			 "movdqu 128(%[in]), %%xmm8\n\t"
			 "movdqu 144(%[in]), %%xmm9\n\t"
			 "movdqu 160(%[in]), %%xmm10\n\t"
			 "movdqu 176(%[in]), %%xmm11\n\t"
			 "movdqu 192(%[in]), %%xmm12\n\t"
			 "movdqu 208(%[in]), %%xmm13\n\t"
			 "movdqu 224(%[in]), %%xmm14\n\t"
			 "movdqu 240(%[in]), %%xmm15\n\t"
			 "1: movl $1, %[rounds]\n\t"
			 "cmpl $0, %[stop]\n\t"
			 "je 1b\n\t"
			 "movdqu %%xmm0, 0(%[out])\n\t"
			 "movdqu %%xmm1, 16(%[out])\n\t"
			 "movdqu %%xmm2, 32(%[out])\n\t"
			 "movdqu %%xmm3, 48(%[out])\n\t"
			 "movdqu %%xmm4, 64(%[out])\n\t"
			 "movdqu %%xmm5, 80(%[out])\n\t"
			 "movdqu %%xmm6, 96(%[out])\n\t"
			 "movdqu %%xmm7, 112(%[out])\n\t"
			 "movdqu %%xmm8, 128(%[out])\n\t"
			 "movdqu %%xmm9, 144(%[out])\n\t"
			 "movdqu %%xmm10, 160(%[out])\n\t"
			 "movdqu %%xmm11, 176(%[out])\n\t"
			 "movdqu %%xmm12, 192(%[out])\n\t"
			 "movdqu %%xmm13, 208(%[out])\n\t"
			 "movdqu %%xmm14, 224(%[out])\n\t"
			 "movdqu %%xmm15, 240(%[out])\n\t"
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
