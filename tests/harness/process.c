/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "story.h"
#include "wait.h"

#define TERM_GRACE_MS  5000
#define READY_MS       15000
#define HELD_OUTPUT_MS 1000 /* how long output may stay open after the program has ended */

/* In the child: takes its place and becomes the program. Never returns. */
static void become(const char *const *argv, char *const *environment, const int stdio[3])
{
	setpgid(0, 0);
	for (int i = 0; i < 3; i++)
		if (dup2(stdio[i], i) < 0)
			_exit(127);
	if (environment)
		execvpe(argv[0], (char *const *)argv, environment);
	else
		execvp(argv[0], (char *const *)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* A temporary file with the input, at its start. */
static int input_fd(const char *input)
{
	int fd;

	if (!input)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("input", MFD_CLOEXEC);
	if (write(fd, input, strlen(input)) != (ssize_t)strlen(input))
		g_error("memfd: %s", strerror(errno));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Moves what a pipe holds into a string. Return: false at its end. */
static bool drain(int fd, GString *to)
{
	char buffer[65536];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		g_string_append_len(to, buffer, n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Collects output until both pipes end, or the program has and somebody else holds them, or the
 * time is up. */
static void collect(int pidfd, int fds[2], GString *texts[2], int timeout_ms, ProcessResult *result)
{
	gint64 end = now_ms() + timeout_ms;
	bool open[2] = { true, true };
	bool ended = false;

	while (open[0] || open[1] || !ended) {
		struct pollfd events[3] = {
			{ .fd = open[0] ? fds[0] : -1, .events = POLLIN },
			{ .fd = open[1] ? fds[1] : -1, .events = POLLIN },
			{ .fd = ended ? -1 : pidfd, .events = POLLIN },
		};
		gint64 left = end - now_ms();

		if (left <= 0) {
			result->timed_out = !ended;
			result->output_held = ended;
			return;
		}
		poll(events, 3, (int)left);
		for (int i = 0; i < 2; i++)
			if (events[i].revents)
				open[i] = drain(fds[i], texts[i]);
		if (events[2].revents) {
			ended = true;
			end = MIN(end, now_ms() + HELD_OUTPUT_MS);
		}
	}
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void run_process(const struct process_request *request, ProcessResult *result)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) err = g_string_new(NULL);
	autofd in = input_fd(request->input);
	gint64 start = g_get_monotonic_time();
	int out_pipe[2], err_pipe[2], status;
	pid_t pid;

	memset(result, 0, sizeof(*result));
	if (pipe2(out_pipe, O_CLOEXEC) || pipe2(err_pipe, O_CLOEXEC))
		g_error("pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		become(request->argv, request->environment,
		       (int[3]){ in, out_pipe[1], err_pipe[1] });
	close(out_pipe[1]);
	close(err_pipe[1]);
	fcntl(out_pipe[0], F_SETFL, O_NONBLOCK);
	fcntl(err_pipe[0], F_SETFL, O_NONBLOCK);

	autofd pidfd = pidfd_open(pid, 0);
	collect(pidfd, (int[2]){ out_pipe[0], err_pipe[0] }, (GString *[2]){ out, err },
		request->timeout_ms, result);
	if (result->timed_out)
		kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(out_pipe[0]);
	close(err_pipe[0]);
	result->status = exit_status(status);
	result->elapsed_us = g_get_monotonic_time() - start;
	result->out = g_string_free(g_steal_pointer(&out), FALSE);
	result->err = g_string_free(g_steal_pointer(&err), FALSE);
}

void process_result_clear(ProcessResult *result)
{
	g_clear_pointer(&result->out, g_free);
	g_clear_pointer(&result->err, g_free);
}

pid_t start_process(const char *const *argv, char *const *environment, int keep_fd, int log)
{
	autofd null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid = fork();

	if (pid < 0)
		g_error("fork: %s", strerror(errno));
	if (pid == 0) {
		if (keep_fd >= 0)
			fcntl(keep_fd, F_SETFD, 0);
		become(argv, environment, (int[3]){ null, log, log });
	}
	return pid;
}

/* The line that a program writes when it is ready. */
static void read_ready_line(int fd, const char *program, char *line, size_t size)
{
	gint64 end = now_ms() + READY_MS;
	size_t length = 0;

	line[0] = '\0';
	while (!strchr(line, '\n')) {
		struct pollfd event = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&event, 1, (int)MAX(end - now_ms(), 0)) != 1)
			g_error("%s did not start in time", program);
		n = read(fd, line + length, size - 1 - length);
		if (n <= 0)
			g_error("%s ended at its start", program);
		length += (size_t)n;
		line[length] = '\0';
	}
	line[strcspn(line, "\n")] = '\0';
}

pid_t start_until_ready(const char *const *argv, const char *option, char *const *environment,
			int log, char *line, size_t size)
{
	g_autoptr(GPtrArray) whole = g_ptr_array_new();
	char number[12];
	int ready[2];
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		g_error("pipe: %s", strerror(errno));
	g_snprintf(number, sizeof(number), "%d", ready[1]);
	for (; *argv; argv++)
		g_ptr_array_add(whole, (gpointer)*argv);
	g_ptr_array_add(whole, (gpointer)option);
	g_ptr_array_add(whole, number);
	g_ptr_array_add(whole, NULL);
	pid = start_process((const char *const *)whole->pdata, environment, ready[1], log);
	close(ready[1]);
	read_ready_line(ready[0], whole->pdata[0], line, size);
	close(ready[0]);
	return pid;
}

static bool pidfd_ended(void *data)
{
	struct pollfd event = { .fd = *(int *)data, .events = POLLIN };

	return poll(&event, 1, 0) == 1;
}

void stop_process(pid_t pid)
{
	autofd pidfd = -1;

	if (pid <= 0)
		return;
	pidfd = pidfd_open(pid, 0);
	kill(-pid, SIGTERM);
	if (!wait_until(pidfd_ended, &pidfd, pidfd, TERM_GRACE_MS))
		kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Reads one process from /proc. Return: false if it has gone or is a zombie. */
static bool read_process(pid_t pid, struct process_info *info)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
	g_autofree char *stat = NULL;
	char *name, *after, state;

	if (!g_file_get_contents(path, &stat, NULL, NULL))
		return false;
	name = strchr(stat, '(');
	after = strrchr(stat, ')');
	if (!name || !after || sscanf(after + 1, " %c %d", &state, &info->parent) != 2)
		return false;
	*after = '\0';
	info->pid = pid;
	g_strlcpy(info->name, name + 1, sizeof(info->name));
	return state != 'Z';
}

static GArray *list_processes(void)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct process_info));
	g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
	const char *entry;

	while ((entry = g_dir_read_name(proc))) {
		struct process_info info;

		if (g_ascii_isdigit(entry[0]) && read_process(atoi(entry), &info))
			g_array_append_val(all, info);
	}
	return all;
}

static bool has_pid(GArray *processes, pid_t pid)
{
	for (guint i = 0; i < processes->len; i++)
		if (g_array_index(processes, struct process_info, i).pid == pid)
			return true;
	return false;
}

GArray *list_descendants(pid_t ancestor)
{
	g_autoptr(GArray) all = list_processes();
	GArray *found = g_array_new(FALSE, FALSE, sizeof(struct process_info));
	guint before;

	do { /* one generation a round */
		before = found->len;
		for (guint i = 0; i < all->len; i++) {
			struct process_info *info = &g_array_index(all, struct process_info, i);

			if ((info->parent == ancestor || has_pid(found, info->parent)) &&
			    !has_pid(found, info->pid))
				g_array_append_val(found, *info);
		}
	} while (found->len > before);
	return found;
}

guint64 process_status(pid_t pid, const char *field)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
	g_autofree char *start = g_strdup_printf("\n%s:", field);
	g_autofree char *text = NULL;
	const char *line = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL))
		line = strstr(text, start);
	if (!line)
		fail_msg("process %d has no %s", (int)pid, field);
	return g_ascii_strtoull(line + strlen(start), NULL, 10);
}
