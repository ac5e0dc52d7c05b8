/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program under a seccomp filter. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_uname, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOWNERDEAD),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getcpu, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
	pid_t child;
	int status;

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 && errno == EINVAL)
		skip("seccomp filters: not in this kernel");
	ready();
	expect(prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER, "the filter is gone");
	expect(syscall(SYS_uname, NULL) < 0 && errno == EOWNERDEAD, "a refused call gives: %s",
	       strerror(errno));
	child = (pid_t)must(fork());
	if (child == 0) {
		syscall(SYS_getcpu, NULL, NULL, NULL);
		_exit(0);
	}
	expect(waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
		       WTERMSIG(status) == SIGSYS,
	       "a deadly call gives status %x", (unsigned int)status);
}

const struct state state_seccomp_filter = {
	.name = "seccomp-filter",
	.summary = "a seccomp filter",
	.run = run,
};
