/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/xproxy/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "launcher/autofd.h"
#include "tests/harness/process.h"
#include "tests/harness/wait.h"

/* Reads lines until one begins with a word. */
static void read_until(int fd, char *text, size_t size, const char *word)
{
	gint64 end = now_ms() + STAGE_MS;
	size_t len = 0;

	while (!strstr(text, word) || text[len - 1] != '\n') {
		struct pollfd event = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&event, 1, (int)MAX(end - now_ms(), 0)) != 1)
			g_error("no '%s' in time, only '%s'", word, text);
		n = read(fd, text + len, size - 1 - len);
		if (n <= 0)
			g_error("no '%s', only '%s'", word, text);
		len += (size_t)n;
		text[len] = '\0';
	}
}

static void start_stack(struct stage *stage)
{
	g_autofree char *dir = g_strconcat("--dir=", stage->dir, NULL);
	g_autofree char *number = g_strconcat("--display=", stage->display + 1, NULL);
	g_autofree char *notify = NULL;
	const char *program = g_getenv("VKDISPLAY");
	autofd reader = -1, writer = -1;
	int ends[2];

	if (!program || pipe2(ends, O_CLOEXEC) < 0)
		g_error("VKDISPLAY is not set, or no pipe");
	reader = ends[0];
	writer = ends[1];
	notify = g_strdup_printf("--notify=%d", writer);
	stage->stack = start_process((const char *const[]){ program, dir, number, notify,
							    "--screen=1920x1200", "--mode=1280x800",
							    NULL },
				     NULL, writer, stage->log);
	close(steal_fd(&writer));
	read_until(reader, stage->announcements, sizeof(stage->announcements), "ready ");
}

static void start_xterm(struct stage *stage)
{
	g_autofree char *authority = g_build_filename(stage->dir, "Xauthority", NULL);
	g_auto(GStrv) environment = g_get_environ();

	environment = g_environ_setenv(environment, "DISPLAY", stage->display, TRUE);
	environment = g_environ_setenv(environment, "XAUTHORITY", authority, TRUE);
	stage->xterm = start_process((const char *const[]){ "xterm", "-fn", "fixed", "-geometry",
							    "60x20+100+150", "-T", "stage", "-e",
							    "echo hello; cat", NULL },
				     environment, -1, stage->log);
}

static void link_socket(const struct stage *stage)
{
	g_autofree char *socket = g_build_filename(stage->dir, "xpra.sock", NULL);
	g_autofree char *link = g_build_filename(stage->dir, "display.sock", NULL);

	if (symlink(socket, link) < 0)
		g_error("%s: %s", link, g_strerror(errno));
}

void stage_set(struct stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	/* Display numbers as high as process ids: nobody else's. */
	snprintf(stage->display, sizeof(stage->display), ":%d", 1000 + getpid() % 50000);
	stage->dir = g_dir_make_tmp("xproxy-XXXXXX", NULL);
	stage->log_path = g_build_filename(stage->dir, "log", NULL);
	stage->log = g_open(stage->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (stage->log < 0)
		g_error("%s: %s", stage->log_path, g_strerror(errno));
	start_stack(stage);
	link_socket(stage);
	start_xterm(stage);
}

void stage_clear(struct stage *stage)
{
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = {
		.argv = (const char *const[]){ "rm", "-rf", stage->dir, NULL },
		.timeout_ms = STAGE_MS,
	};

	xp_viewer_stop(stage->dir, STAGE_MS, NULL);
	stop_process(stage->xterm);
	if (stage->stack)
		stop_process(stage->stack);
	close(stage->log);
	run_process(&request, &result);
	g_free(stage->dir);
	g_free(stage->log_path);
}

void bare_xserver_start(struct xserver *x, int log)
{
	char number[sizeof(x->name)] = "";
	g_autofree char *fd_text = NULL;
	autofd reader = -1, writer = -1;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		g_error("pipe: %s", g_strerror(errno));
	reader = ends[0];
	writer = ends[1];
	fd_text = g_strdup_printf("%d", writer);
	memset(x, 0, sizeof(*x));
	x->server = start_process((const char *const[]){ "Xvfb", "-displayfd", fd_text, "-screen",
							 "0", "1280x800x24", "-nolisten", "tcp",
							 "-noreset", NULL },
				  NULL, writer, log);
	close(steal_fd(&writer));
	read_until(reader, number, sizeof(number), "\n");
	g_strchomp(number);
	snprintf(x->name, sizeof(x->name), ":%.11s", number);
}

void bare_xserver_stop(struct xserver *x)
{
	stop_process(x->server);
	memset(x, 0, sizeof(*x));
}

struct status_wait {
	const struct stage *stage;
	status_test test;
	void *data;
};

static bool status_passes(void *data)
{
	struct status_wait *wait = data;
	g_autoptr(XpViewerStatus) status = xp_viewer_get_status(wait->stage->dir);

	return status && wait->test(status, wait->data);
}

static void print_file(const struct stage *stage, const char *name)
{
	g_autofree char *path = g_build_filename(stage->dir, name, NULL);
	g_autofree char *text = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL))
		g_printerr("--- %s\n%s\n", name, text);
}

void stage_wait_status(const struct stage *stage, status_test test, void *data)
{
	struct status_wait wait = { stage, test, data };

	if (wait_until(status_passes, &wait, -1, STAGE_MS))
		return;
	print_file(stage, "log");
	print_file(stage, "viewer.json");
	g_error("the viewer's status did not become as wanted");
}

static bool no_viewer(void *data)
{
	g_autoptr(XpViewerStatus) status = xp_viewer_get_status(data);

	return !status;
}

void stage_wait_no_viewer(const struct stage *stage)
{
	if (!wait_until(no_viewer, stage->dir, -1, STAGE_MS))
		g_error("the viewer did not end");
}

pid_t child_named(pid_t parent, const char *name)
{
	g_autoptr(GArray) list = list_descendants(parent);

	for (guint i = 0; i < list->len; i++) {
		struct process_info *info = &g_array_index(list, struct process_info, i);

		if (info->parent == parent && g_str_has_prefix(info->name, name))
			return info->pid;
	}
	g_error("no process %s", name);
}
