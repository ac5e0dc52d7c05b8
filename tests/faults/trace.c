/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The child asks to be traced, stops, is given options, installs a seccomp filter that asks for a
 * stop at the calls of interest, and goes on at full speed otherwise. At such a stop the call has
 * not been made yet: with its number set to -1 the kernel skips it and gives the child what is in
 * the result register. Threads of the child inherit the filter and are followed.
 */
#include "trace.h"

#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANG_SECONDS 20u
#define MAX_CALLS    100u
#define SYSCALL_STOP (SIGTRAP | 0x80)

static const unsigned long trace_options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE |
					   PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
					   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;

static void install_filter(const int *calls)
{
	struct sock_filter filter[MAX_CALLS + 3];
	struct sock_fprog program = { .filter = filter };
	gsize n = 0, count = 0;

	while (calls[count] >= 0)
		count++;
	g_assert_true(count < MAX_CALLS);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						   offsetof(struct seccomp_data, nr));
	for (gsize i = 0; i < count; i++)
		filter[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (guint32)calls[i], (guint8)(count - i), 0);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	program.len = (unsigned short)n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		g_error("seccomp: %m");
}

static void read_call(pid_t tid, TraceCall *call, struct user_regs_struct *regs)
{
	if (ptrace(PTRACE_GETREGS, tid, NULL, regs) < 0)
		memset(regs, 0, sizeof(*regs));
	*call = (TraceCall){
		.tid = tid,
		.number = (long)regs->orig_rax,
		.args = { regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9 },
		.result = (gint64)regs->rax,
	};
}

static void write_args(const TraceCall *call, struct user_regs_struct *regs)
{
	regs->rdi = call->args[0];
	regs->rsi = call->args[1];
	regs->rdx = call->args[2];
	regs->r10 = call->args[3];
}

/* @return the request to go on with, or -1: killed */
static int handle_entry(const Tracer *tracer, pid_t child, pid_t tid)
{
	struct user_regs_struct regs;
	TraceCall call;

	read_call(tid, &call, &regs);
	switch (tracer->enter(&call, tracer->user_data)) {
	case TRACE_GO:
		break;
	case TRACE_FOLLOW:
		return PTRACE_SYSCALL;
	case TRACE_SKIP:
		regs.orig_rax = (unsigned long long)-1;
		regs.rax = (unsigned long long)call.result;
		ptrace(PTRACE_SETREGS, tid, NULL, &regs);
		break;
	case TRACE_CHANGE:
		write_args(&call, &regs);
		ptrace(PTRACE_SETREGS, tid, NULL, &regs);
		break;
	case TRACE_KILL:
		kill(child, SIGKILL);
		return -1;
	}
	return PTRACE_CONT;
}

/* Handles one stop of a thread. */
static void handle_stop(const Tracer *tracer, pid_t child, pid_t tid, int status)
{
	int request = PTRACE_CONT, signal = 0;
	struct user_regs_struct regs;
	TraceCall call;

	if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
		request = handle_entry(tracer, child, tid);
	} else if (WSTOPSIG(status) == SYSCALL_STOP) {
		read_call(tid, &call, &regs);
		if (tracer->leave)
			tracer->leave(&call, tracer->user_data);
	} else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP) {
		signal = WSTOPSIG(status);
	}
	if (request >= 0)
		ptrace(request, tid, NULL, (unsigned long)signal);
}

static void be_traced(const Tracer *tracer, int (*run)(gpointer user_data), gpointer user_data)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	alarm(HANG_SECONDS);
	install_filter(tracer->calls);
	_exit(run(user_data));
}

int trace_run(const Tracer *tracer, int (*run)(gpointer user_data), gpointer user_data)
{
	pid_t child = fork(), tid;
	int status = 0;

	if (child < 0)
		g_error("fork: %m");
	if (child == 0)
		be_traced(tracer, run, user_data);
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, child, NULL, trace_options) < 0)
		g_error("ptrace: %m");
	ptrace(PTRACE_CONT, child, NULL, NULL);
	while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (tid == child && (WIFEXITED(status) || WIFSIGNALED(status)))
			return status;
		if (tid > 0 && WIFSTOPPED(status))
			handle_stop(tracer, child, tid, status);
	}
	g_error("waitpid: %m");
}

gsize trace_read(pid_t tid, guint64 address, void *buffer, gsize length)
{
	struct iovec local = { buffer, length };
	struct iovec remote = { (void *)(guintptr)address, length };
	ssize_t n = process_vm_readv(tid, &local, 1, &remote, 1, 0);

	return n > 0 ? (gsize)n : 0;
}

char *trace_read_string(pid_t tid, guint64 address)
{
	g_autofree char *text = g_malloc(PATH_MAX);
	gsize have = 0;

	/* Page by page: what follows the string need not be mapped. */
	while (have < PATH_MAX) {
		gsize piece = MIN(PATH_MAX - have, 4096 - (address + have) % 4096);
		gsize got = trace_read(tid, address + have, text + have, piece);

		if (got == 0)
			return NULL;
		if (memchr(text + have, '\0', got))
			return g_steal_pointer(&text);
		have += got;
	}
	return NULL;
}
