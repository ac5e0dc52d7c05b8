/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run a vkernel and kill it at the worst time for the process that is to run its first program: when
 * that has begun, and has not yet asked to be told of its parent's death. It must end by itself.
 *
 * Usage: orphan-stub VKERNEL PARAMETER...; exit status 0 if it does.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS (60 * 1000)

static int complain(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return -1;
}

/* Start the vkernel, stopped and traced. */
static pid_t start(char *const argv[])
{
	const long options = PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return complain("fork");
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(argv[0], argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		return complain(argv[0]);
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, options))
		return complain("PTRACE_SETOPTIONS");
	return pid;
}

/* Which signal of a stop is for the process itself? */
static int passed_on(int status)
{
	if (status >> 16 || WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP)
		return 0;
	return WSTOPSIG(status);
}

/* Let everything run until a child executes a program; leave that stopped. */
static pid_t await_stub(pid_t vkernel)
{
	pid_t pid = vkernel;
	int status = 0;

	while (!(status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8) && pid != vkernel)) {
		if (WIFSTOPPED(status) || !status)
			ptrace(PTRACE_CONT, pid, NULL, (long)passed_on(status));
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 || (pid == vkernel && !WIFSTOPPED(status))) {
			fputs("the vkernel ended before it ran a program\n", stderr);
			return -1;
		}
	}
	return pid;
}

static int end(pid_t vkernel)
{
	int status = 0;

	if (kill(vkernel, SIGKILL))
		return complain("kill");
	while (!WIFSIGNALED(status))
		if (waitpid(vkernel, &status, __WALL) < 0)
			return complain("waitpid");
	return 0;
}

static int ends_by_itself(pid_t stub)
{
	struct pollfd end = { .fd = (int)syscall(SYS_pidfd_open, stub, 0), .events = POLLIN };

	if (end.fd < 0)
		return complain("pidfd_open");
	if (ptrace(PTRACE_DETACH, stub, NULL, NULL))
		return complain("PTRACE_DETACH");
	if (poll(&end, 1, LIMIT_MS) == 1)
		return 0;
	kill(stub, SIGKILL);
	fputs("the process for programs goes on without its kernel\n", stderr);
	return -1;
}

int main(int argc, char *argv[])
{
	pid_t vkernel, stub;

	if (argc < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1))
		return 2;
	vkernel = start(argv + 1);
	if (vkernel < 0)
		return 1;
	stub = await_stub(vkernel);
	return stub < 0 || end(vkernel) || ends_by_itself(stub);
}
