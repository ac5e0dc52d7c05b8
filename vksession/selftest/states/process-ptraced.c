/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child that is stopped by its tracer, with registers and memory. */
#include <sys/ptrace.h>
#include <sys/user.h>

#include "vksession/selftest/states/state.h"

static volatile long word = 0x1122334455667788;

static void be_traced(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	raise(SIGUSR1);
	_exit(word == 99 ? 5 : 6);
}

static void run(void)
{
	struct user_regs_struct before, after;
	pid_t child = fork_child();
	int status;

	if (child == 0) {
		signal(SIGUSR1, SIG_IGN);
		be_traced();
	}
	expect(waitpid(child, &status, 0) == child && WIFSTOPPED(status),
	       "the child does not stop");
	must(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
	must(ptrace(PTRACE_GETREGS, child, NULL, &before));
	ready();
	must(ptrace(PTRACE_GETREGS, child, NULL, &after));
	expect(memcmp(&before, &after, sizeof(before)) == 0, "the child's registers have changed");
	errno = 0;
	expect(ptrace(PTRACE_PEEKDATA, child, &word, NULL) == word && !errno,
	       "the child's memory has changed");
	must(ptrace(PTRACE_POKEDATA, child, &word, (void *)99));
	must(ptrace(PTRACE_SYSCALL, child, NULL, NULL));
	expect(waitpid(child, &status, 0) == child && WIFSTOPPED(status) &&
		       WSTOPSIG(status) == (SIGTRAP | 0x80),
	       "the child's system call is not told: status %x", (unsigned int)status);
	must(ptrace(PTRACE_CONT, child, NULL, NULL));
	expect(waitpid(child, &status, 0) == child && WIFSTOPPED(status) &&
		       WSTOPSIG(status) == SIGUSR1,
	       "the child's signal is not told: status %x", (unsigned int)status);
	must(ptrace(PTRACE_CONT, child, NULL, NULL));
	expect(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 5,
	       "the child ended with status %x", (unsigned int)status);
}

const struct state state_process_ptraced = {
	.name = "process-ptraced",
	.summary = "a traced child",
	.run = run,
};
