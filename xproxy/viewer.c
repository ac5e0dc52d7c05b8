/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library's side of the viewer process: start, ask, wait, stop.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "xproxy/layout.h"
#include "xproxy/status.h"

#define VIEWER_PROGRAM "vksession-viewer"
#define READY_MAX      1024
#define KILL_WAIT_MS   2000
#define NOTE_WAIT_MS   1000

static gboolean set_errno(GError **error, const char *what)
{
	int saved = errno;

	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(saved), "%s: %s", what,
		    g_strerror(saved));
	return FALSE;
}

/* @return the process that holds the viewer's lock, 0: none, -1 with errno set */
static pid_t lock_holder(const char *runtime_dir)
{
	g_autofree char *path = g_build_filename(runtime_dir, XP_LOCK_FILE, NULL);
	autofd fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	return (pid_t)atoi(text);
}

/* --- start --- */

static char *viewer_path(void)
{
	const char *dir = g_getenv("VKSESSION_LIBEXECDIR");

	return g_build_filename(dir && *dir ? dir : VKSESSION_LIBEXECDIR, VIEWER_PROGRAM, NULL);
}

static void add_option(GStrvBuilder *builder, const char *name, const char *value)
{
	g_autofree char *option = g_strconcat(name, "=", value, NULL);

	if (value)
		g_strv_builder_add(builder, option);
}

static char **viewer_argv(const char *path, const char *runtime_dir, const char *session,
			  const char *display, const char *layout_path)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	g_strv_builder_add(builder, path);
	add_option(builder, "--runtime-dir", runtime_dir);
	add_option(builder, "--session", session);
	add_option(builder, "--display", display);
	add_option(builder, "--layout", layout_path);
	add_option(builder, "--ready-fd", "3");
	return g_strv_builder_end(builder);
}

/* Runs in the first child: leaves the viewer behind as nobody's child. */
static void leave_viewer(char *const *argv, char *const *environment, int null, int log, int ready)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (fork() != 0)
		_exit(0);
	if (dup2(null, 0) == 0 && dup2(log, 1) == 1 && dup2(log, 2) == 2 &&
	    (ready == 3 ? fcntl(3, F_SETFD, 0) == 0 : dup2(ready, 3) == 3))
		execve(argv[0], argv, environment);
	dprintf(ready, "%d %s: %s\n", G_IO_ERROR_FAILED, argv[0], g_strerror(errno));
	_exit(127);
}

/* Reads the viewer's one line: "ok", or a code and a text. */
static gboolean wait_ready(int fd, GError **error)
{
	char line[READY_MAX];
	size_t len = 0;
	ssize_t n;
	char *text;
	long code;

	while (len < sizeof(line) - 1 && (n = read(fd, line + len, sizeof(line) - 1 - len)) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	line[len] = '\0';
	g_strchomp(line);
	if (!strcmp(line, "ok"))
		return TRUE;
	code = strtol(line, &text, 10);
	g_set_error(error, G_IO_ERROR, text == line ? G_IO_ERROR_FAILED : (int)code, "%s",
		    *text ? g_strchug(text) : "the viewer ended at once");
	return FALSE;
}

static gboolean spawn_viewer(char *const *argv, char *const *environment, int log, GError **error)
{
	autofd null = open("/dev/null", O_RDWR | O_CLOEXEC);
	autofd reader = -1, writer = -1;
	int ends[2];
	pid_t pid;

	if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return set_errno(error, "starting the viewer");
	reader = ends[0];
	writer = ends[1];
	pid = fork();
	if (pid < 0)
		return set_errno(error, "starting the viewer");
	if (pid == 0)
		leave_viewer(argv, environment, null, log, writer);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	close(steal_fd(&writer));
	return wait_ready(reader, error);
}

gboolean xp_viewer_start(const char *runtime_dir, const char *session, const char *display,
			 const char *const *environment, const char *layout_path,
			 const char *log_path, GError **error)
{
	const char *shown_on = display ? display : g_getenv("DISPLAY");
	g_autofree char *path = viewer_path();
	g_auto(GStrv) argv = NULL;
	autofd log = -1;

	if (!shown_on || !*shown_on) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
				    "no X display: DISPLAY is not set");
		return FALSE;
	}
	log = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (log < 0)
		return set_errno(error, log_path);
	argv = viewer_argv(path, runtime_dir, session, shown_on, layout_path);
	return spawn_viewer(argv, environment ? (char *const *)environment : environ, log, error);
}

/* --- ask --- */

XpViewerStatus *xp_viewer_get_status(const char *runtime_dir)
{
	g_autofree char *path = g_build_filename(runtime_dir, XP_STATUS_FILE, NULL);

	return lock_holder(runtime_dir) > 0 ? xp_status_read(path, NULL) : NULL;
}

static void signal_viewer(const char *runtime_dir, int number)
{
	pid_t pid = lock_holder(runtime_dir);
	autofd pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;

	if (pidfd >= 0 && lock_holder(runtime_dir) == pid)
		pidfd_send_signal(pidfd, number, NULL, 0);
}

void xp_viewer_request_thumbnail(const char *runtime_dir)
{
	/* Of the signals that a process ignores unless it knows better: a viewer of an earlier
	   version must not die of it. */
	signal_viewer(runtime_dir, SIGWINCH);
}

/* --- wait --- */

/* What to wait for in the viewer's status. */
typedef struct {
	gboolean (*holds)(const XpViewerStatus *status, gint64 since);
	gint64 since;
	const char *late; /* what is said if it does not come */
} Wait;

/* Waits until a file in the directory was replaced or the viewer has ended. */
static gboolean wait_change(int notify, int pidfd, int timeout_ms, const char *late, GError **error)
{
	struct pollfd fds[] = {
		{ .fd = notify, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	char events[4096];
	int n = poll(fds, G_N_ELEMENTS(fds), timeout_ms);

	if (n < 0)
		return errno == EINTR ? TRUE : set_errno(error, "waiting for the viewer");
	if (n == 0) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, late);
		return FALSE;
	}
	if (fds[1].revents) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the viewer has ended");
		return FALSE;
	}
	return read(notify, events, sizeof(events)) > 0 || errno == EAGAIN;
}

static int open_viewer(const char *runtime_dir, GError **error)
{
	pid_t pid = lock_holder(runtime_dir);
	int pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;

	if (pidfd < 0)
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no viewer is attached");
	return pidfd;
}

/* timeout_ms 0: for ever */
static gboolean wait_status(const char *runtime_dir, const Wait *wait, guint timeout_ms,
			    GError **error)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	autofd notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	autofd pidfd = -1;

	if (notify < 0 || inotify_add_watch(notify, runtime_dir, IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
		return set_errno(error, runtime_dir);
	pidfd = open_viewer(runtime_dir, error);
	if (pidfd < 0)
		return FALSE;
	for (;;) {
		g_autoptr(XpViewerStatus) status = xp_viewer_get_status(runtime_dir);
		gint64 left = (deadline - g_get_monotonic_time() + 999) / 1000;

		if (status && wait->holds(status, wait->since))
			return TRUE;
		if (!wait_change(notify, pidfd, timeout_ms ? (int)MAX(left, 0) : -1, wait->late,
				 error))
			return FALSE;
	}
}

static gboolean is_drawn(const XpViewerStatus *status, gint64 since)
{
	return status->first_drawn_us > since;
}

gboolean xp_viewer_wait_drawn(const char *runtime_dir, guint timeout_ms, GError **error)
{
	Wait wait = { is_drawn, 0, "no window was drawn in time" };

	return wait_status(runtime_dir, &wait, timeout_ms, error);
}

/* --- places --- */

static gboolean is_noted(const XpViewerStatus *status, gint64 since)
{
	return status->noted_us >= since;
}

/* Has the viewer write what is so now. One that is busy, or hangs with its X server, has told
   before where windows were, and a save must not wait for it for long. */
static void note_places(const char *runtime_dir)
{
	g_autoptr(XpViewerStatus) status = xp_viewer_get_status(runtime_dir);
	Wait wait = { is_noted, g_get_monotonic_time(), "the viewer does not answer" };

	/* One of an earlier version would die of the signal. */
	if (!status || status->noted_us < 0)
		return;
	signal_viewer(runtime_dir, SIGUSR1);
	wait_status(runtime_dir, &wait, NOTE_WAIT_MS, NULL);
}

/* The viewer notes a window's place when it has settled; one that is just up counts as well. */
static void add_unsettled(XpLayout *layout, const char *runtime_dir)
{
	g_autoptr(XpViewerStatus) status = xp_viewer_get_status(runtime_dir);

	for (guint i = 0; status && i < status->windows->len; i++) {
		const XpWindow *window = status->windows->pdata[i];

		if (xp_window_is_up(window) && !xp_layout_has(layout, window->guest_xid))
			xp_layout_update(layout, window);
	}
}

gboolean xp_layout_save(const char *runtime_dir, const char *path, GError **error)
{
	g_autofree char *current = g_build_filename(runtime_dir, XP_LAYOUT_FILE, NULL);
	g_autoptr(GError) problem = NULL;
	g_autoptr(XpLayout) layout = NULL;

	note_places(runtime_dir);
	layout = xp_layout_read(current, &problem);
	if (g_error_matches(problem, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
		layout = xp_layout_new();
	if (!layout) {
		g_propagate_error(error, g_steal_pointer(&problem));
		return FALSE;
	}
	add_unsettled(layout, runtime_dir);
	return xp_layout_write(layout, path, error);
}

/* --- stop --- */

static gboolean wait_end(int pidfd, guint timeout_ms)
{
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&fd, 1, (int)timeout_ms);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

gboolean xp_viewer_stop(const char *runtime_dir, guint timeout_ms, GError **error)
{
	pid_t pid = lock_holder(runtime_dir);
	autofd pidfd = -1;

	if (pid < 0)
		return set_errno(error, runtime_dir);
	pidfd = pid ? pidfd_open(pid, 0) : -1;
	/* It may have ended, and its number have a new owner, before we had hold of it. */
	if (pidfd < 0 || lock_holder(runtime_dir) != pid)
		return TRUE;
	if (pidfd_send_signal(pidfd, SIGTERM, NULL, 0) == 0 && wait_end(pidfd, timeout_ms))
		return TRUE;
	pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	if (wait_end(pidfd, KILL_WAIT_MS))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "viewer %d does not end", pid);
	return FALSE;
}
