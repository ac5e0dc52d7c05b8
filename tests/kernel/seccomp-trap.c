/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a sandbox relies on when a system call is trapped (SECCOMP_RET_TRAP): the signal tells where
 * and which call it was, the registers are those of before the call, and what the handler puts into
 * them is what the program sees as the result. Filters see the program's instruction pointer, too.
 *
 * Prints what is wrong; exit status 0 if nothing is.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* glibc's <signal.h> does not have it */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

#define RESULT	 4711
#define ARGUMENT 0x123456789abcL

/* A system call whose address is known; the label is the instruction behind it. */
long trapped_call(long number, long argument);
extern const char behind_the_call[];

__asm__(".text\n"
	".globl trapped_call, behind_the_call\n"
	"trapped_call:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	syscall\n"
	"behind_the_call:\n"
	"	ret\n");

static struct {
	int signals;
	int code;
	int number;
	unsigned int arch;
	uintptr_t call;
	greg_t rip;
	greg_t rax;
	greg_t rdi;
} seen;

static int failures;

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig;
	seen.signals++;
	seen.code = info->si_code;
	seen.number = info->si_syscall;
	seen.arch = info->si_arch;
	seen.call = (uintptr_t)info->si_call_addr;
	seen.rip = registers[REG_RIP];
	seen.rax = registers[REG_RAX];
	seen.rdi = registers[REG_RDI];
	registers[REG_RAX] = RESULT;
}

static void expect(const char *what, unsigned long is, unsigned long should)
{
	if (is == should)
		return;
	printf("%s is %#lx, not %#lx\n", what, is, should);
	failures++;
}

/*
 * getppid() is trapped; getpgrp() fails with EXDEV if it comes from the part of the address space
 * that the program is in, and with ENXIO from anywhere else.
 */
static int install_filter(void)
{
	const uint32_t high = (uint32_t)((uintptr_t)behind_the_call >> 32);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgrp, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENXIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	if (sigaction(SIGSYS, &action, NULL) || install_filter()) {
		perror("seccomp");
		return 1;
	}

	expect("the result of the trapped call", (unsigned long)trapped_call(SYS_getppid, ARGUMENT),
	       RESULT);
	expect("the number of signals", (unsigned long)seen.signals, 1);
	expect("si_code", (unsigned long)seen.code, SYS_SECCOMP);
	expect("si_syscall", (unsigned long)seen.number, SYS_getppid);
	expect("si_arch", seen.arch, AUDIT_ARCH_X86_64);
	expect("si_call_addr", seen.call, (uintptr_t)behind_the_call);
	expect("rip", (unsigned long)seen.rip, (uintptr_t)behind_the_call);
	expect("rax", (unsigned long)seen.rax, SYS_getppid);
	expect("rdi", (unsigned long)seen.rdi, ARGUMENT);
	expect("the error of the filtered call", (unsigned long)-trapped_call(SYS_getpgrp, 0),
	       EXDEV);
	return failures > 0;
}
