/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program under a filter that hands calls to a handler, which makes them itself, as sandboxes of
 * browsers do; one thread is in the handler.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "vksession/selftest/states/state.h"

#define TRAPPED	   SYS_getcpu
#define TRAP_DATA  0x321
#define BY_SECCOMP 1 /* SYS_SECCOMP of the kernel, which the C library does not name */

static volatile int inside, leave, returned;

/* What the call returns in place of what the kernel would: the sum of its arguments. */
static void handler(int number, siginfo_t *info, void *data)
{
	ucontext_t *context = data;
	greg_t *registers = context->uc_mcontext.gregs;
	bool as_documented = info->si_code == BY_SECCOMP && info->si_syscall == TRAPPED &&
			     info->si_arch == AUDIT_ARCH_X86_64 && info->si_errno == TRAP_DATA &&
			     (greg_t)(uintptr_t)info->si_call_addr == registers[REG_RIP] &&
			     registers[REG_RAX] == TRAPPED;

	if (registers[REG_RDX] == -1) {
		inside = 1;
		while (!leave)
			pass_time(5);
	}
	registers[REG_RAX] = as_documented
				     ? registers[REG_RDI] + registers[REG_RSI] + registers[REG_RDX]
				     : -ENOTRECOVERABLE;
}

static void *caller(void *data)
{
	returned = syscall(TRAPPED, 40L, 3L, -1L) == 42 ? 1 : 2;
	return NULL;
}

static void expect_trap(void)
{
	long sum = syscall(TRAPPED, 500L, 60L, 7L);

	expect(sum >= 0, "the handler is told other things than the call that was made");
	expect(sum == 567, "the call returns %ld instead of what the handler says", sum);
}

static void run(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TRAPPED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP | TRAP_DATA),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	must(sigaction(SIGSYS, &action, NULL));
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
	expect_trap();
	start_thread(caller, NULL);
	await_word(&inside, "the handler");
	ready();
	expect(!returned, "the handler has returned by itself");
	expect_trap();
	leave = 1;
	await_word(&returned, "the handler's return");
	expect(returned == 1,
	       "the call of the thread returns something else than its handler says");
}

const struct state state_seccomp_trap = {
	.name = "seccomp-trap",
	.summary = "a filter whose calls a handler makes",
	.run = run,
};
