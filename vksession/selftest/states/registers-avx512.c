/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AVX-512 registers and masks live in a loop that makes no system call. */
#include "vksession/selftest/states/spin.h"
#include "vksession/selftest/states/state.h"

#define REGISTERS 32
#define SIZE	  64

static unsigned char in[REGISTERS * SIZE], out[REGISTERS * SIZE];
static uint64_t masks_in[7], masks_out[7];

__attribute__((target("avx512f,avx512bw"))) static void spin(void)
{
	__asm__ volatile("vmovdqu64 0(%[in]), %%zmm0\n\t"
			 "vmovdqu64 64(%[in]), %%zmm1\n\t"
			 "vmovdqu64 128(%[in]), %%zmm2\n\t"
			 "vmovdqu64 192(%[in]), %%zmm3\n\t"
			 "vmovdqu64 256(%[in]), %%zmm4\n\t"
			 "vmovdqu64 320(%[in]), %%zmm5\n\t"
			 "vmovdqu64 384(%[in]), %%zmm6\n\t"
			 "vmovdqu64 448(%[in]), %%zmm7\n\t"
			 "vmovdqu64 512(%[in]), %%zmm8\n\t"
			 "vmovdqu64 576(%[in]), %%zmm9\n\t"
			 "vmovdqu64 640(%[in]), %%zmm10\n\t"
			 "vmovdqu64 704(%[in]), %%zmm11\n\t"
			 "vmovdqu64 768(%[in]), %%zmm12\n\t"
			 "vmovdqu64 832(%[in]), %%zmm13\n\t"
			 "vmovdqu64 896(%[in]), %%zmm14\n\t"
			 "vmovdqu64 960(%[in]), %%zmm15\n\t"
			 "vmovdqu64 1024(%[in]), %%zmm16\n\t"
			 "vmovdqu64 1088(%[in]), %%zmm17\n\t"
			 "vmovdqu64 1152(%[in]), %%zmm18\n\t"
			 "vmovdqu64 1216(%[in]), %%zmm19\n\t"
			 "vmovdqu64 1280(%[in]), %%zmm20\n\t"
			 "vmovdqu64 1344(%[in]), %%zmm21\n\t"
			 "vmovdqu64 1408(%[in]), %%zmm22\n\t"
			 "vmovdqu64 1472(%[in]), %%zmm23\n\t"
			 "vmovdqu64 1536(%[in]), %%zmm24\n\t"
			 "vmovdqu64 1600(%[in]), %%zmm25\n\t"
			 "vmovdqu64 1664(%[in]), %%zmm26\n\t"
			 "vmovdqu64 1728(%[in]), %%zmm27\n\t"
			 "vmovdqu64 1792(%[in]), %%zmm28\n\t"
			 "vmovdqu64 1856(%[in]), %%zmm29\n\t"
			 "vmovdqu64 1920(%[in]), %%zmm30\n\t"
			 "vmovdqu64 1984(%[in]), %%zmm31\n\t"
			 "kmovq %c[masks_in]+0(%%rip), %%k1\n\t"
			 "kmovq %c[masks_in]+8(%%rip), %%k2\n\t"
			 "kmovq %c[masks_in]+16(%%rip), %%k3\n\t"
			 "kmovq %c[masks_in]+24(%%rip), %%k4\n\t"
			 "kmovq %c[masks_in]+32(%%rip), %%k5\n\t"
			 "kmovq %c[masks_in]+40(%%rip), %%k6\n\t"
			 "kmovq %c[masks_in]+48(%%rip), %%k7\n\t"
			 "1: movl $1, %[rounds]\n\t"
			 "cmpl $0, %[stop]\n\t"
			 "je 1b\n\t"
			 "vmovdqu64 %%zmm0, 0(%[out])\n\t"
			 "vmovdqu64 %%zmm1, 64(%[out])\n\t"
			 "vmovdqu64 %%zmm2, 128(%[out])\n\t"
			 "vmovdqu64 %%zmm3, 192(%[out])\n\t"
			 "vmovdqu64 %%zmm4, 256(%[out])\n\t"
			 "vmovdqu64 %%zmm5, 320(%[out])\n\t"
			 "vmovdqu64 %%zmm6, 384(%[out])\n\t"
			 "vmovdqu64 %%zmm7, 448(%[out])\n\t"
			 "vmovdqu64 %%zmm8, 512(%[out])\n\t"
			 "vmovdqu64 %%zmm9, 576(%[out])\n\t"
			 "vmovdqu64 %%zmm10, 640(%[out])\n\t"
			 "vmovdqu64 %%zmm11, 704(%[out])\n\t"
			 "vmovdqu64 %%zmm12, 768(%[out])\n\t"
			 "vmovdqu64 %%zmm13, 832(%[out])\n\t"
			 "vmovdqu64 %%zmm14, 896(%[out])\n\t"
			 "vmovdqu64 %%zmm15, 960(%[out])\n\t"
			 "vmovdqu64 %%zmm16, 1024(%[out])\n\t"
			 "vmovdqu64 %%zmm17, 1088(%[out])\n\t"
			 "vmovdqu64 %%zmm18, 1152(%[out])\n\t"
			 "vmovdqu64 %%zmm19, 1216(%[out])\n\t"
			 "vmovdqu64 %%zmm20, 1280(%[out])\n\t"
			 "vmovdqu64 %%zmm21, 1344(%[out])\n\t"
			 "vmovdqu64 %%zmm22, 1408(%[out])\n\t"
			 "vmovdqu64 %%zmm23, 1472(%[out])\n\t"
			 "vmovdqu64 %%zmm24, 1536(%[out])\n\t"
			 "vmovdqu64 %%zmm25, 1600(%[out])\n\t"
			 "vmovdqu64 %%zmm26, 1664(%[out])\n\t"
			 "vmovdqu64 %%zmm27, 1728(%[out])\n\t"
			 "vmovdqu64 %%zmm28, 1792(%[out])\n\t"
			 "vmovdqu64 %%zmm29, 1856(%[out])\n\t"
			 "vmovdqu64 %%zmm30, 1920(%[out])\n\t"
			 "vmovdqu64 %%zmm31, 1984(%[out])\n\t"
			 "kmovq %%k1, %c[masks_out]+0(%%rip)\n\t"
			 "kmovq %%k2, %c[masks_out]+8(%%rip)\n\t"
			 "kmovq %%k3, %c[masks_out]+16(%%rip)\n\t"
			 "kmovq %%k4, %c[masks_out]+24(%%rip)\n\t"
			 "kmovq %%k5, %c[masks_out]+32(%%rip)\n\t"
			 "kmovq %%k6, %c[masks_out]+40(%%rip)\n\t"
			 "kmovq %%k7, %c[masks_out]+48(%%rip)\n\t"
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
