/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AVX registers live in a loop that makes no system call. */
#include "vksession/selftest/states/spin.h"
#include "vksession/selftest/states/state.h"

#define REGISTERS 16
#define SIZE	  32
#define LOAD	  SPIN_EACH(SPIN_0_TO_15, "vmovdqu 32*\\i(%[in]), %%ymm\\i")
#define STORE	  SPIN_EACH(SPIN_0_TO_15, "vmovdqu %%ymm\\i, 32*\\i(%[out])")

static unsigned char in[REGISTERS * SIZE], out[REGISTERS * SIZE];

__attribute__((target("avx"))) static void spin(void)
{
	__asm__ volatile(LOAD SPIN_LOOP STORE
			 : [rounds] "+m"(spin_rounds)
			 : [in] "r"(in), [out] "r"(out), [stop] "m"(spin_stop)
			 : "memory", "cc", "ymm0", "ymm1", "ymm2", "ymm3", "ymm4", "ymm5", "ymm6",
			   "ymm7", "ymm8", "ymm9", "ymm10", "ymm11", "ymm12", "ymm13", "ymm14",
			   "ymm15");
}

static void run(void)
{
	long wrong;

	if (!__builtin_cpu_supports("avx"))
		skip("this processor has no avx");
	pattern_fill(in, sizeof(in), 7);
	spin_across_save(spin);
	wrong = pattern_differs(out, sizeof(out), 7);
	expect(wrong < 0, "ymm%ld has changed in byte %ld", wrong / SIZE, wrong % SIZE);
}

const struct state state_registers_avx = {
	.name = "registers-avx",
	.summary = "YMM registers in a loop without system calls",
	.flags = STATE_SPINS,
	.run = run,
};
