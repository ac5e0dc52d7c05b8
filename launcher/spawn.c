/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"

#define FIRST_FREE_FD 64

/* ---- in the child: async-signal-safe functions only ---- */

static int die_with_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

static int set_limits(const VkSpawn *spawn)
{
	struct rlimit limit;
	cpu_set_t cpus;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	umask(spawn->umask);
	if (spawn->cpu < 0)
		return 0;
	CPU_ZERO(&cpus);
	CPU_SET((size_t)spawn->cpu, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus) < 0 ? -errno : 0;
}

static int fix_addresses(void)
{
	int old = personality(0xffffffff);

	if (old < 0 || personality((unsigned long)old | ADDR_NO_RANDOMIZE) < 0)
		return -errno;
	return 0;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number <= SIGRTMAX; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The asked-for descriptors in place, the report just behind them, nothing else. */
static int place_fds(const VkSpawn *spawn, int *report)
{
	int fds[VK_SPAWN_MAX_FDS + 1];
	guint count = spawn->fd_count;

	for (guint i = 0; i <= count; i++) {
		fds[i] = fcntl(i < count ? spawn->fds[i] : *report, F_DUPFD, FIRST_FREE_FD);
		if (fds[i] < 0)
			return -errno;
	}
	for (guint i = 0; i <= count; i++) {
		if (dup2(fds[i], (int)i) < 0)
			return -errno;
	}
	*report = (int)count;
	if (fcntl(*report, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return close_range(count + 1, ~0U, 0) < 0 ? -errno : 0;
}

static int execute(const VkSpawn *spawn, pid_t parent, int *report)
{
	int error = spawn->outlives_us ? 0 : die_with_parent(parent);

	if (error == 0)
		error = set_limits(spawn);
	if (error == 0 && spawn->fixed_addresses)
		error = fix_addresses();
	/* Before the descriptors are put in order: then there are only those of the program. */
	if (error == 0 && spawn->isolation)
		error = vk_isolation_enter(spawn->isolation);
	if (error == 0) {
		reset_signals();
		error = place_fds(spawn, report);
	}
	if (error < 0)
		return error;
	execve(spawn->path, spawn->arguments, spawn->environment);
	return -errno;
}

/* ---- in the launcher ---- */

pid_t vk_spawn(const VkSpawn *spawn, GError **error)
{
	pid_t parent = getpid();
	autofd reader = -1;
	int ends[2];
	int number = 0;
	ssize_t got;
	pid_t pid;

	g_assert(spawn->fd_count <= VK_SPAWN_MAX_FDS);
	if (pipe2(ends, O_CLOEXEC) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "pipe: %s", g_strerror(errno));
		return -1;
	}
	reader = ends[0];
	pid = fork();
	if (pid == 0) {
		int report = ends[1];

		number = execute(spawn, parent, &report);
		got = write(report, &number, sizeof(number));
		_exit(127);
	}
	close(ends[1]);
	if (pid < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "fork: %s", g_strerror(errno));
		return -1;
	}
	do {
		got = read(reader, &number, sizeof(number));
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(number))
		return pid;
	waitpid(pid, NULL, 0);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "start %s: %s", spawn->path,
		    g_strerror(-number));
	return -1;
}
