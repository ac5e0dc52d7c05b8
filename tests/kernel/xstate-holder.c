/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keep values in the registers of the extended state across system calls, and see that they stay.
 *
 *   xstate-holder avx ROUNDS     16 registers of 32 bytes; first from a handler of SIGUSR1, which
 *                                waits for SIGUSR2, so that there is a signal frame meanwhile
 *   xstate-holder avx512 ROUNDS  the 16 registers of 64 bytes that only AVX-512 has, and its masks
 *
 * To be compiled without AVX, so that nothing but the assembler here uses these registers.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REGISTERS 16

struct values {
	uint8_t vector[REGISTERS][64];
	uint64_t mask[8];
};

static volatile sig_atomic_t go_on;

static void wait_in_handler(int number)
{
	sigset_t none;

	sigemptyset(&none);
	printf("holder: waits in a handler\n");
	while (!go_on)
		sigsuspend(&none);
}

static void leave_handler(int number)
{
	go_on = 1;
}

#define EACH(what)                                                                                 \
	what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10)   \
		what(11) what(12) what(13) what(14) what(15)
#define XMM_CLOBBERS                                                                               \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",   \
		"xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

#define LOAD_YMM(n)  "vmovdqu 64*" #n "(%[in]), %%ymm" #n "\n"
#define STORE_YMM(n) "vmovdqu %%ymm" #n ", 64*" #n "(%[out])\n"

/* A system call in a loop: CALL with two arguments, COUNT times. Changes no vector register. */
#define CALLS                                                                                      \
	"1: mov %[call], %%rax\n"                                                                  \
	"syscall\n"                                                                                \
	"dec %[count]\n"                                                                           \
	"jnz 1b\n"

static void keep_avx(const struct values *in, struct values *out, long call, long first,
		     long second, long count)
{
	__asm__ volatile(EACH(LOAD_YMM) CALLS EACH(STORE_YMM) "vzeroupper\n"
			 : [count] "+r"(count)
			 : [in] "r"(in), [out] "r"(out), [call] "r"(call), "D"(first), "S"(second)
			 : "rax", "rcx", "r11", "memory", XMM_CLOBBERS);
}

#define LOAD_16(n, reg)	 "vmovdqu64 64*" #n "(%[in]), %%zmm" #reg "\n"
#define STORE_16(n, reg) "vmovdqu64 %%zmm" #reg ", 64*" #n "(%[out])\n"
#define EACH_HIGH(what)                                                                            \
	what(0, 16) what(1, 17) what(2, 18) what(3, 19) what(4, 20) what(5, 21) what(6, 22)        \
		what(7, 23) what(8, 24) what(9, 25) what(10, 26) what(11, 27) what(12, 28)         \
			what(13, 29) what(14, 30) what(15, 31)
#define LOAD_MASK(n)	"kmovw 8*" #n "(%[masks]), %%k" #n "\n"
#define STORE_MASK(n)	"kmovw %%k" #n ", 8*" #n "(%[kept])\n"
#define EACH_MASK(what) what(1) what(2) what(3) what(4) what(5) what(6) what(7)

static void keep_avx512(const struct values *in, struct values *out, long call, long first,
			long second, long count)
{
	__asm__ volatile(EACH_HIGH(LOAD_16) EACH_MASK(LOAD_MASK) CALLS EACH_HIGH(STORE_16)
				 EACH_MASK(STORE_MASK)
			 : [count] "+r"(count)
			 : [in] "r"(in), [out] "r"(out), [masks] "r"(in->mask),
			   [kept] "r"(out->mask), [call] "r"(call), "D"(first), "S"(second)
			 : "rax", "rcx", "r11", "memory", XMM_CLOBBERS);
}

static void check(const char *what, const struct values *in, const struct values *out, size_t bytes)
{
	for (int i = 0; i < REGISTERS; i++) {
		if (memcmp(in->vector[i], out->vector[i], bytes) == 0)
			continue;
		printf("holder: BAD %s register %d\n", what, i);
		exit(1);
	}
	for (int i = 1; bytes == 64 && i < 8; i++) {
		if (in->mask[i] == out->mask[i])
			continue;
		printf("holder: BAD mask %d\n", i);
		exit(1);
	}
}

static void fill(struct values *values)
{
	uint8_t *byte = (uint8_t *)values->vector;

	for (size_t i = 0; i < sizeof(values->vector); i++)
		byte[i] = (uint8_t)(i * 7 + (size_t)getpid() * 31);
	for (int i = 0; i < 8; i++)
		values->mask[i] = (uint64_t)(i * 0x1111 + getpid()) & 0xffff;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = wait_in_handler };
	struct values in, out = { 0 };
	long rounds;

	if (argc != 3)
		return 2;
	rounds = atol(argv[2]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fill(&in);
	if (strcmp(argv[1], "avx512") == 0) {
		for (long i = 0; i < rounds; i++) {
			keep_avx512(&in, &out, SYS_sched_yield, 0, 0, 100);
			check("AVX-512", &in, &out, 64);
		}
		printf("holder: avx512 is good\n");
		return 0;
	}
	sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = leave_handler;
	sigaction(SIGUSR2, &action, NULL);
	keep_avx(&in, &out, SYS_kill, getpid(), SIGUSR1, 1);
	check("AVX", &in, &out, 32);
	printf("holder: the frame is good\n");
	for (long i = 0; i < rounds; i++) {
		keep_avx(&in, &out, SYS_sched_yield, 0, 0, 100);
		check("AVX", &in, &out, 32);
	}
	printf("holder: avx is good\n");
	return 0;
}
