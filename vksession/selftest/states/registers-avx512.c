/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AVX-512 registers and masks live in a loop that makes no system call. */
#include "vksession/selftest/states/spin.h"
#include "vksession/selftest/states/state.h"

#define REGISTERS 32
#define SIZE	  64
#define ALL	  SPIN_0_TO_15 ", " SPIN_16_TO_31
#define MASKS	  "1, 2, 3, 4, 5, 6, 7"
#define LOAD                                                                                       \
	SPIN_EACH(ALL, "vmovdqu64 64*\\i(%[in]), %%zmm\\i")                                        \
	SPIN_EACH(MASKS, "kmovq %c[masks_in]+8*\\i-8(%%rip), %%k\\i")
#define STORE                                                                                      \
	SPIN_EACH(ALL, "vmovdqu64 %%zmm\\i, 64*\\i(%[out])")                                       \
	SPIN_EACH(MASKS, "kmovq %%k\\i, %c[masks_out]+8*\\i-8(%%rip)")

static unsigned char in[REGISTERS * SIZE], out[REGISTERS * SIZE];
static uint64_t masks_in[7], masks_out[7];

__attribute__((target("avx512f,avx512bw"))) static void spin(void)
{
	__asm__ volatile(LOAD SPIN_LOOP STORE
			 : [rounds] "+m"(spin_rounds)
			 : [in] "r"(in), [out] "r"(out), [stop] "m"(spin_stop),
			   [masks_in] "i"(masks_in), [masks_out] "i"(masks_out)
			 : "memory", "cc", "zmm0", "zmm1", "zmm2", "zmm3", "zmm4", "zmm5", "zmm6",
			   "zmm7", "zmm8", "zmm9", "zmm10", "zmm11", "zmm12", "zmm13", "zmm14",
			   "zmm15", "zmm16", "zmm17", "zmm18", "zmm19", "zmm20", "zmm21", "zmm22",
			   "zmm23", "zmm24", "zmm25", "zmm26", "zmm27", "zmm28", "zmm29", "zmm30",
			   "zmm31", "k1", "k2", "k3", "k4", "k5", "k6", "k7");
}

static void run(void)
{
	long wrong;

	if (!__builtin_cpu_supports("avx512bw"))
		skip("this processor has no avx512bw");
	pattern_fill(in, sizeof(in), 7);
	pattern_fill(masks_in, sizeof(masks_in), 8);
	spin_across_save(spin);
	wrong = pattern_differs(out, sizeof(out), 7);
	expect(wrong < 0, "zmm%ld has changed in byte %ld", wrong / SIZE, wrong % SIZE);
	wrong = pattern_differs(masks_out, sizeof(masks_out), 8);
	expect(wrong < 0, "mask k%ld has changed", wrong / 8 + 1);
}

const struct state state_registers_avx512 = {
	.name = "registers-avx512",
	.summary = "ZMM registers in a loop without system calls",
	.flags = STATE_SPINS,
	.run = run,
};
