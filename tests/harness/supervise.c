/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * supervise():  the parent becomes subreaper, so that daemons that leave their starter fall to it,
 *               and forks a child that runs the tests.
 * guard():      it waits for the child, for the end of the time, or for a signal that tells it to
 *               stop; meanwhile it reaps the child's orphans, as init would.
 * sweep():      what is alive then is reported and killed.
 */
#include "supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "process.h"
#include "wait.h"

#define SETTLE_MS 3000 /* for what was told to end at the end of the last test */

static pid_t frame_pid;

/* Reaps who has ended, of the child's orphans too. Return: whether the child is among them. */
static bool reap(pid_t child, int *status)
{
	bool found = false;
	int ended;
	pid_t pid;

	while ((pid = waitpid(-1, &ended, WNOHANG)) > 0) {
		if (pid != child)
			continue;
		*status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
		found = true;
	}
	return found;
}

/* Waits for the child. Return: its exit status, 124 if the time was up, 128 + signal if told to
 * stop. */
static int guard(pid_t child, unsigned int limit_s, int signals)
{
	gint64 end = now_ms() + limit_s * G_GINT64_CONSTANT(1000);
	int status;

	while (!reap(child, &status)) {
		struct pollfd event = { .fd = signals, .events = POLLIN };
		struct signalfd_siginfo info;
		gint64 left = end - now_ms();

		if (left <= 0)
			return 124;
		if (poll(&event, 1, (int)left) == 1 &&
		    read(signals, &info, sizeof(info)) == sizeof(info) && info.ssi_signo != SIGCHLD)
			return 128 + (int)info.ssi_signo;
	}
	return status;
}

static bool nothing_left(void *data)
{
	g_autoptr(GArray) left = NULL;

	reap(0, NULL);
	left = list_descendants(frame_pid);
	return left->len == 0;
}

static bool kill_all(void *data)
{
	g_autoptr(GArray) left = NULL;

	reap(0, NULL);
	left = list_descendants(frame_pid);
	for (guint i = 0; i < left->len; i++)
		kill(g_array_index(left, struct process_info, i).pid, SIGKILL);
	return left->len == 0;
}

/* Return: how many processes had to be killed. */
static guint sweep(void)
{
	g_autoptr(GArray) left = NULL;

	if (wait_until(nothing_left, NULL, -1, SETTLE_MS))
		return 0;
	left = list_descendants(frame_pid);
	for (guint i = 0; i < left->len; i++) {
		struct process_info *info = &g_array_index(left, struct process_info, i);

		printf("# left behind: %d %s (parent %d)\n", info->pid, info->name, info->parent);
	}
	wait_until(kill_all, NULL, -1, 10000);
	return left->len;
}

int supervise(int (*body)(void), unsigned int limit_s)
{
	autofd signals = -1;
	sigset_t watched, before;
	pid_t child;
	int status;

	frame_pid = getpid();
	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&watched);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &watched, &before);
	child = fork();
	if (child < 0)
		g_error("fork: %s", strerror(errno));
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		_exit(body());
	}
	signals = signalfd(-1, &watched, SFD_CLOEXEC);

	status = guard(child, limit_s, signals);
	if (status == 124)
		printf("# still running after %u s, killed\n", limit_s);
	if (sweep() > 0 && status == 0)
		status = 99;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

GArray *list_started(void)
{
	g_autoptr(GArray) all = list_descendants(frame_pid);
	GArray *started = g_array_new(FALSE, FALSE, sizeof(struct process_info));

	for (guint i = 0; i < all->len; i++)
		if (g_array_index(all, struct process_info, i).pid != getpid())
			g_array_append_val(started, g_array_index(all, struct process_info, i));
	return started;
}
