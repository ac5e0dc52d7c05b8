/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The child asks to be traced, stops, is given options, installs a seccomp filter that asks for a
 * stop at the calls of interest, and goes on at full speed otherwise. At such a stop the call has
 * not been made yet: with its number set to -1 the kernel skips it and gives the child what is in
 * the result register. Threads of the child inherit the filter and are followed.
 *
 * No filter can be given to a process that runs already. Each of its threads is seized, and stops
 * at the beginning and at the end of every system call. When the process that traces dies, the
 * kernel lets go of all that it traces.
 */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
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

static const unsigned long attach_options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
					    PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
					    PTRACE_O_TRACESYSGOOD;

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
static int handle_entry(const Tracer *tracer, pid_t tid)
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
		kill(tid, SIGKILL);
		return -1;
	}
	return PTRACE_CONT;
}

/* Handles one stop of a thread. */
static void handle_stop(const Tracer *tracer, pid_t tid, int status)
{
	int request = PTRACE_CONT, signal = 0;
	struct user_regs_struct regs;
	TraceCall call;

	if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
		request = handle_entry(tracer, tid);
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
			handle_stop(tracer, tid, status);
	}
	g_error("waitpid: %m");
}

static gboolean is_of_interest(const Tracer *tracer, long number)
{
	for (const int *call = tracer->calls; *call >= 0; call++) {
		if (*call == number)
			return TRUE;
	}
	return FALSE;
}

/* @return FALSE: it was killed */
static gboolean handle_call(const Tracer *tracer, pid_t tid)
{
	struct __ptrace_syscall_info info = { 0 };

	return ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0 ||
	       info.op != PTRACE_SYSCALL_INFO_ENTRY ||
	       !is_of_interest(tracer, (long)info.entry.nr) || handle_entry(tracer, tid) >= 0;
}

static void handle_seized_stop(const Tracer *tracer, pid_t tid, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		ptrace(PTRACE_LISTEN, tid, NULL, NULL);
		return;
	}
	if (signal == SYSCALL_STOP && !handle_call(tracer, tid))
		return;
	if (event != 0 || signal == SYSCALL_STOP)
		signal = 0;
	ptrace(PTRACE_SYSCALL, tid, NULL, (unsigned long)signal);
}

static void seize(pid_t tid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, tid, NULL, attach_options) < 0 ||
	    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		g_error("ptrace of process %d: %m", tid);
	if (waitpid(tid, &status, __WALL) != tid || !WIFSTOPPED(status))
		g_error("process %d does not stop", tid);
	ptrace(PTRACE_SYSCALL, tid, NULL, NULL);
}

static G_NORETURN void follow(const Tracer *tracer)
{
	int status;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (tid > 0 && WIFSTOPPED(status))
			handle_seized_stop(tracer, tid, status);
	}
	_exit(EXIT_SUCCESS);
}

pid_t trace_attach(const Tracer *tracer, pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task", (int)pid);
	g_autoptr(GDir) threads = g_dir_open(path, 0, NULL);
	const char *name;
	int ready[2];
	char byte;
	pid_t child;

	if (!threads || pipe2(ready, O_CLOEXEC) < 0 || (child = fork()) < 0)
		g_error("cannot trace process %d: %m", pid);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((name = g_dir_read_name(threads)))
			seize((pid_t)g_ascii_strtoll(name, NULL, 10));
		close(ready[0]);
		close(ready[1]);
		follow(tracer);
	}
	close(ready[1]);
	/* The end of the pipe tells that the tracer is at work, or has failed. */
	if (read(ready[0], &byte, 1) < 0)
		g_error("cannot trace process %d: %m", pid);
	close(ready[0]);
	return child;
}

void trace_detach(pid_t tracer)
{
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
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

static char *path_of_fd(pid_t tid, guint64 fd)
{
	g_autofree char *link = g_strdup_printf("/proc/%d/fd/%d", (int)tid, (int)fd);

	return g_file_read_link(link, NULL);
}

/* A path argument, made absolute. */
static char *path_at(const TraceCall *call, guint64 dirfd, guint64 address)
{
	g_autofree char *text = trace_read_string(call->tid, address);
	g_autofree char *cwd = g_strdup_printf("/proc/%d/cwd", (int)call->tid);
	g_autofree char *base = NULL;

	if (!text || g_path_is_absolute(text))
		return g_steal_pointer(&text);
	base = (int)dirfd == AT_FDCWD ? g_file_read_link(cwd, NULL) : path_of_fd(call->tid, dirfd);
	/* Not every descriptor is of something that has a path. */
	return base && g_path_is_absolute(base) ? g_canonicalize_filename(text, base) : NULL;
}

void trace_paths(const TraceCall *call, char **path, char **other)
{
	const guint64 here = (guint64)AT_FDCWD;
	const guint64 *args = call->args;

	*path = *other = NULL;
	switch (call->number) {
	case SYS_openat:
	case SYS_mkdirat:
	case SYS_unlinkat:
	case SYS_newfstatat:
	case SYS_statx:
	case SYS_faccessat2:
		*path = path_at(call, args[0], args[1]);
		break;
	case SYS_mkdir:
	case SYS_rmdir:
	case SYS_unlink:
	case SYS_chmod:
	case SYS_stat:
	case SYS_lstat:
	case SYS_access:
	case SYS_readlink:
	case SYS_statfs:
		*path = path_at(call, here, args[0]);
		break;
	case SYS_symlink: /* text, path */
		*other = trace_read_string(call->tid, args[0]);
		*path = path_at(call, here, args[1]);
		break;
	case SYS_symlinkat:
		*other = trace_read_string(call->tid, args[0]);
		*path = path_at(call, args[1], args[2]);
		break;
	case SYS_rename:
	case SYS_link:
		*path = path_at(call, here, args[0]);
		*other = path_at(call, here, args[1]);
		break;
	case SYS_renameat:
	case SYS_renameat2:
	case SYS_linkat:
		*path = path_at(call, args[0], args[1]);
		*other = path_at(call, args[2], args[3]);
		break;
	case SYS_ioctl:
		*path = args[1] == FICLONE ? path_of_fd(call->tid, args[0]) : NULL;
		break;
	case SYS_copy_file_range:
		*path = path_of_fd(call->tid, args[2]);
		break;
	default:
		*path = path_of_fd(call->tid, args[0]);
		break;
	}
}
