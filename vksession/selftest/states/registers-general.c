/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All general registers and the carry flag, in a loop that makes no system call. */
#include "vksession/selftest/states/spin.h"
#include "vksession/selftest/states/state.h"

#define REGISTERS 15

extern uint64_t registers_in[REGISTERS], registers_out[REGISTERS];

/* Named from the assembler, where no register is left to point to them. */
uint64_t registers_in[REGISTERS], registers_out[REGISTERS];

static void spin(void)
{
	__asm__ volatile("subq $128, %%rsp\n\t" /* the red zone stays as it is */
			 "pushq %%rbp\n\t"
			 "movq registers_in+0(%%rip), %%rax\n\t"
			 "movq registers_in+8(%%rip), %%rbx\n\t"
			 "movq registers_in+16(%%rip), %%rcx\n\t"
			 "movq registers_in+24(%%rip), %%rdx\n\t"
			 "movq registers_in+32(%%rip), %%rsi\n\t"
			 "movq registers_in+40(%%rip), %%rdi\n\t"
			 "movq registers_in+48(%%rip), %%r8\n\t"
			 "movq registers_in+56(%%rip), %%r9\n\t"
			 "movq registers_in+64(%%rip), %%r10\n\t"
			 "movq registers_in+72(%%rip), %%r11\n\t"
			 "movq registers_in+80(%%rip), %%r12\n\t"
			 "movq registers_in+88(%%rip), %%r13\n\t"
			 "movq registers_in+96(%%rip), %%r14\n\t"
			 "movq registers_in+104(%%rip), %%r15\n\t"
			 "movq registers_in+112(%%rip), %%rbp\n\t"
			 "1: movl $1, spin_rounds(%%rip)\n\t"
			 "cmpl $0, spin_stop(%%rip)\n\t"
			 "je 1b\n\t"
			 "movq %%rax, registers_out+0(%%rip)\n\t"
			 "movq %%rbx, registers_out+8(%%rip)\n\t"
			 "movq %%rcx, registers_out+16(%%rip)\n\t"
			 "movq %%rdx, registers_out+24(%%rip)\n\t"
			 "movq %%rsi, registers_out+32(%%rip)\n\t"
			 "movq %%rdi, registers_out+40(%%rip)\n\t"
			 "movq %%r8, registers_out+48(%%rip)\n\t"
			 "movq %%r9, registers_out+56(%%rip)\n\t"
			 "movq %%r10, registers_out+64(%%rip)\n\t"
			 "movq %%r11, registers_out+72(%%rip)\n\t"
			 "movq %%r12, registers_out+80(%%rip)\n\t"
			 "movq %%r13, registers_out+88(%%rip)\n\t"
			 "movq %%r14, registers_out+96(%%rip)\n\t"
			 "movq %%r15, registers_out+104(%%rip)\n\t"
			 "movq %%rbp, registers_out+112(%%rip)\n\t"
			 "popq %%rbp\n\t"
			 "addq $128, %%rsp\n\t"
			 :
			 :
			 : "memory", "cc", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9",
			   "r10", "r11", "r12", "r13", "r14", "r15");
}

static void run(void)
{
	static const char *const names[REGISTERS] = { "rax", "rbx", "rcx", "rdx", "rsi",
						      "rdi", "r8",  "r9",  "r10", "r11",
						      "r12", "r13", "r14", "r15", "rbp" };

	pattern_fill(registers_in, sizeof(registers_in), 3);
	spin_across_save(spin);
	for (int i = 0; i < REGISTERS; i++)
		expect(registers_in[i] == registers_out[i], "%s was %016llx and is %016llx",
		       names[i], (unsigned long long)registers_in[i],
		       (unsigned long long)registers_out[i]);
}

const struct state state_registers_general = {
	.name = "registers-general",
	.summary = "all general registers in a loop without system calls",
	.flags = STATE_SPINS,
	.run = run,
};
