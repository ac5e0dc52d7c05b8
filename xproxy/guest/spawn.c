/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "xproxy/guest/spawn.h"

#define LISTEN_FD 3 /* SD_LISTEN_FDS_START */

/* sd_listen_fds() wants the process id of the receiver, known only after the fork. */
static int pass_listener(int listener)
{
	char pid[16];

	if (dup2(listener, LISTEN_FD) < 0)
		return -1;
	if (listener == LISTEN_FD && fcntl(LISTEN_FD, F_SETFD, 0) < 0)
		return -1;
	snprintf(pid, sizeof(pid), "%d", getpid());
	if (setenv("LISTEN_PID", pid, 1) < 0 || setenv("LISTEN_FDS", "1", 1) < 0)
		return -1;
	return 0;
}

static int set_up_child(const struct spawn_request *request, int null, int output)
{
	sigset_t none;

	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return -1;
	signal(SIGPIPE, SIG_DFL);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
		return -1;
	if (request->merge_stderr && dup2(output, STDERR_FILENO) < 0)
		return -1;
	environ = (char **)request->environment;
	return request->listener >= 0 ? pass_listener(request->listener) : 0;
}

static void run_child(const struct spawn_request *request, pid_t parent, int null, int output)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(127);
	if (set_up_child(request, null, output) == 0)
		execve(request->path, request->argv, environ);
	dprintf(STDERR_FILENO, "vkdisplay: %s: %m\n", request->path);
	_exit(127);
}

pid_t spawn_program(const struct spawn_request *request, int *output)
{
	pid_t parent = getpid();
	autofd null = open("/dev/null", O_RDWR | O_CLOEXEC);
	autofd reader = -1, writer = -1;
	int ends[2];
	pid_t pid;

	if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	if (fcntl(reader, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_child(request, parent, null, writer);
	*output = steal_fd(&reader);
	return pid;
}
