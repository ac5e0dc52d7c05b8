/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * vksession-viewer: shows one session on one X display.
 *
 * Started by xp_viewer_start() with its output going to the session's log. It writes one line to
 * the descriptor --ready-fd: "ok" when it holds its lock and has the display open, else a GIOError
 * code and a text. Ends with 0 when it was told to, when the session has gone or was taken over by
 * another viewer, or when the X display has gone; with 1 if it can't do its work.
 */
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "xproxy/client.h"
#include "xproxy/layout.h"
#include "xproxy/status.h"
#include "xproxy/window-watch.h"

#define WRITE_DELAY_MS 20
#define FORGET_MS      2000
#define COMPLETE_S     10 /* after an attach, all windows of the session have come */
#define REDRAW_MS      60 /* for the client to draw what other windows covered */

typedef struct {
	char *run_dir, *session, *display, *goals_path;
	char *status_path, *layout_path, *thumbnail_path;
	int ready_fd, lock_fd;
	GMainLoop *loop;
	XpClient *client;
	XpWatch *watch;
	XpLayout *goals;  /* where windows shall go as they appear */
	XpLayout *layout; /* where they are */
	XpViewerStatus *status;
	guint write_timer, complete_timer, thumbnail_timer;
	gboolean layout_changed;
	gboolean ending; /* once the thumbnail is there */
} Viewer;

/* A window that was closed: forgotten if the client that closed it lives on for a while. */
typedef struct {
	Viewer *viewer;
	guint64 guest_xid;
	pid_t client;
} Closed;

/* --- writing --- */

static void warn_and_drop(GError *error)
{
	g_print("vksession-viewer: %s, ignoring\n", error->message);
	g_error_free(error);
}

static void note_first_drawn(Viewer *viewer)
{
	GPtrArray *windows = viewer->status->windows;

	for (guint i = 0; !viewer->status->first_drawn_us && i < windows->len; i++) {
		const XpWindow *window = windows->pdata[i];

		if (window->drawn || window->hidden)
			viewer->status->first_drawn_us = g_get_monotonic_time();
	}
}

static void write_files(Viewer *viewer)
{
	GError *error = NULL;

	g_clear_handle_id(&viewer->write_timer, g_source_remove);
	if (viewer->client)
		viewer->status->restarts = xp_client_restarts(viewer->client);
	if (viewer->layout_changed && !xp_layout_write(viewer->layout, viewer->layout_path, &error))
		warn_and_drop(error);
	viewer->layout_changed = FALSE;
	error = NULL;
	/* Last: who has asked for the places waits for this one, and reads the other then. */
	if (!xp_status_write(viewer->status, viewer->status_path, &error))
		warn_and_drop(error);
}

static gboolean on_write_timer(gpointer data)
{
	Viewer *viewer = data;

	viewer->write_timer = 0;
	write_files(viewer);
	return G_SOURCE_REMOVE;
}

static void write_soon(Viewer *viewer)
{
	if (!viewer->write_timer)
		viewer->write_timer = g_timeout_add(WRITE_DELAY_MS, on_write_timer, viewer);
}

/* --- what the window watch tells --- */

static void on_windows_changed(gpointer data)
{
	Viewer *viewer = data;
	gint64 drawn_before = viewer->status->first_drawn_us;

	g_ptr_array_unref(viewer->status->windows);
	viewer->status->windows = xp_watch_list(viewer->watch);
	note_first_drawn(viewer);
	if (viewer->status->first_drawn_us != drawn_before)
		write_files(viewer);
	else
		write_soon(viewer);
}

static void on_window_settled(gpointer data, const XpWindow *window)
{
	Viewer *viewer = data;

	if (!xp_layout_update(viewer->layout, window))
		return;
	viewer->layout_changed = TRUE;
	write_soon(viewer);
}

static gboolean is_shown(const Viewer *viewer, guint64 guest_xid)
{
	GPtrArray *windows = viewer->status->windows;

	for (guint i = 0; i < windows->len; i++)
		if (((XpWindow *)windows->pdata[i])->guest_xid == guest_xid)
			return TRUE;
	return FALSE;
}

static gboolean on_forget_timer(gpointer data)
{
	Closed *closed = data;
	Viewer *viewer = closed->viewer;

	if (closed->client == viewer->status->client_pid && !is_shown(viewer, closed->guest_xid) &&
	    xp_layout_remove(viewer->layout, closed->guest_xid)) {
		viewer->layout_changed = TRUE;
		write_soon(viewer);
	}
	return G_SOURCE_REMOVE;
}

/* A client that is ending closes its windows, too: their places must not be forgotten then. */
static void on_window_closed(gpointer data, const XpWindow *window)
{
	Closed *closed = g_new(Closed, 1);

	*closed = (Closed){ data, window->guest_xid, ((Viewer *)data)->status->client_pid };
	g_timeout_add_full(G_PRIORITY_DEFAULT, FORGET_MS, on_forget_timer, closed, g_free);
}

static void on_display_lost(gpointer data)
{
	Viewer *viewer = data;

	g_print("vksession-viewer: X display %s is gone\n", viewer->display);
	g_main_loop_quit(viewer->loop);
}

/* --- what the client tells --- */

/* Windows of the layout that was read and that have not come were closed in the meantime. */
static gboolean on_complete(gpointer data)
{
	Viewer *viewer = data;

	viewer->complete_timer = 0;
	if (viewer->status->client_pid &&
	    xp_layout_retain(viewer->layout, viewer->status->windows)) {
		viewer->layout_changed = TRUE;
		write_soon(viewer);
	}
	return G_SOURCE_REMOVE;
}

static void on_attached(gpointer data)
{
	Viewer *viewer = data;

	g_clear_handle_id(&viewer->complete_timer, g_source_remove);
	viewer->complete_timer = g_timeout_add_seconds(COMPLETE_S, on_complete, viewer);
	if (!viewer->status->connected_us)
		viewer->status->connected_us = g_get_monotonic_time();
	write_soon(viewer);
}

static void on_client_changed(gpointer data, pid_t pid)
{
	Viewer *viewer = data;

	viewer->status->client_pid = pid;
	if (!pid)
		g_clear_handle_id(&viewer->complete_timer, g_source_remove);
	xp_watch_set_client(viewer->watch, pid);
	write_soon(viewer);
}

static void on_client_ended(gpointer data, const char *reason)
{
	Viewer *viewer = data;

	g_print("vksession-viewer: session %s %s\n", viewer->session, reason);
	g_main_loop_quit(viewer->loop);
}

/* --- what others ask for --- */

static gboolean on_places_wanted(gpointer data)
{
	Viewer *viewer = data;

	if (!viewer->watch)
		return G_SOURCE_CONTINUE;
	viewer->status->noted_us = g_get_monotonic_time();
	xp_watch_refresh(viewer->watch);
	write_files(viewer);
	return G_SOURCE_CONTINUE;
}

static gboolean on_thumbnail_timer(gpointer data)
{
	Viewer *viewer = data;
	GError *error = NULL;

	viewer->thumbnail_timer = 0;
	if (!xp_watch_write_thumbnail(viewer->watch, viewer->thumbnail_path, &error))
		warn_and_drop(error);
	if (viewer->ending)
		g_main_loop_quit(viewer->loop);
	return G_SOURCE_REMOVE;
}

static gboolean on_thumbnail_wanted(gpointer data)
{
	Viewer *viewer = data;

	if (viewer->watch && !viewer->thumbnail_timer) {
		xp_watch_prepare_thumbnail(viewer->watch);
		viewer->thumbnail_timer = g_timeout_add(REDRAW_MS, on_thumbnail_timer, viewer);
	}
	return G_SOURCE_CONTINUE;
}

static gboolean on_signal(gpointer data)
{
	Viewer *viewer = data;

	viewer->ending = TRUE;
	on_places_wanted(viewer);
	if (!viewer->thumbnail_timer)
		g_main_loop_quit(viewer->loop);
	return G_SOURCE_CONTINUE;
}

/* --- start --- */

/* The lock file holds our process id: only its holder may be sent signals. */
static gboolean take_lock(Viewer *viewer, GError **error)
{
	g_autofree char *path = g_build_filename(viewer->run_dir, XP_LOCK_FILE, NULL);

	viewer->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (viewer->lock_fd < 0 || flock(viewer->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		if (viewer->lock_fd >= 0 && errno == EWOULDBLOCK)
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
				    "session %s is shown by a viewer already", viewer->session);
		else
			g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s", path,
				    g_strerror(errno));
		return FALSE;
	}
	if (ftruncate(viewer->lock_fd, 0) < 0 || dprintf(viewer->lock_fd, "%d\n", getpid()) < 0) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s", path,
			    g_strerror(errno));
		return FALSE;
	}
	return TRUE;
}

static XpLayout *read_layout(const char *path)
{
	GError *error = NULL;
	XpLayout *layout = xp_layout_read(path, &error);

	if (layout)
		return layout;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
		g_error_free(error);
	else
		warn_and_drop(error);
	return xp_layout_new();
}

static gboolean check_xpra(GError **error)
{
	if (g_access("/usr/bin/xpra", R_OK) == 0 && g_access("/usr/bin/python3", X_OK) == 0)
		return TRUE;
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "xpra is not installed; apt install xpra");
	return FALSE;
}

static gboolean viewer_start(Viewer *viewer, GError **error)
{
	static const XpWatchCallbacks watch_callbacks = {
		.changed = on_windows_changed,
		.closed = on_window_closed,
		.settled = on_window_settled,
		.lost = on_display_lost,
	};
	static const XpClientCallbacks client_callbacks = {
		.attached = on_attached,
		.changed = on_client_changed,
		.ended = on_client_ended,
	};
	g_autofree char *socket = g_build_filename(viewer->run_dir, XP_SOCKET_FILE, NULL);

	if (!take_lock(viewer, error) || !check_xpra(error))
		return FALSE;
	viewer->goals = read_layout(viewer->goals_path ? viewer->goals_path : viewer->layout_path);
	viewer->layout = read_layout(viewer->goals_path ? viewer->goals_path : viewer->layout_path);
	viewer->layout_changed = viewer->goals_path != NULL;
	viewer->watch =
		xp_watch_new(viewer->display, viewer->goals, &watch_callbacks, viewer, error);
	if (!viewer->watch)
		return FALSE;
	viewer->client = xp_client_new(socket, viewer->run_dir, viewer->session, viewer->display,
				       &client_callbacks, viewer);
	return xp_client_start(viewer->client, error);
}

static void tell_ready(Viewer *viewer, const GError *error)
{
	if (viewer->ready_fd < 0)
		return;
	if (error)
		dprintf(viewer->ready_fd, "%d %s\n", error->code, error->message);
	else
		dprintf(viewer->ready_fd, "ok\n");
	close(viewer->ready_fd);
	viewer->ready_fd = -1;
}

static void viewer_init(Viewer *viewer)
{
	viewer->status = xp_status_new();
	viewer->status->viewer_pid = getpid();
	viewer->status->display = g_strdup(viewer->display);
	viewer->status->started_us = g_get_monotonic_time();
	viewer->status_path = g_build_filename(viewer->run_dir, XP_STATUS_FILE, NULL);
	viewer->layout_path = g_build_filename(viewer->run_dir, XP_LAYOUT_FILE, NULL);
	viewer->thumbnail_path = g_build_filename(viewer->run_dir, XP_THUMBNAIL_FILE, NULL);
	viewer->lock_fd = -1;
	viewer->loop = g_main_loop_new(NULL, FALSE);
	if (viewer->ready_fd >= 0)
		fcntl(viewer->ready_fd, F_SETFD, FD_CLOEXEC);
	signal(SIGPIPE, SIG_IGN);
	g_unix_signal_add(SIGUSR1, on_places_wanted, viewer);
	/* Before those that end it: of two that have come, this one is seen to first. */
	g_unix_signal_add(SIGWINCH, on_thumbnail_wanted, viewer);
	g_unix_signal_add(SIGTERM, on_signal, viewer);
	g_unix_signal_add(SIGINT, on_signal, viewer);
}

static void viewer_finish(Viewer *viewer)
{
	g_clear_pointer(&viewer->client, xp_client_free);
	if (viewer->watch)
		write_files(viewer);
	g_clear_handle_id(&viewer->write_timer, g_source_remove);
	g_clear_handle_id(&viewer->complete_timer, g_source_remove);
	g_clear_handle_id(&viewer->thumbnail_timer, g_source_remove);
	if (viewer->watch)
		g_unlink(viewer->status_path);
	xp_watch_free(viewer->watch);
	xp_layout_free(viewer->goals);
	xp_layout_free(viewer->layout);
	xp_viewer_status_free(viewer->status);
	g_main_loop_unref(viewer->loop);
	autofd_close(&viewer->lock_fd);
	g_free(viewer->status_path);
	g_free(viewer->layout_path);
	g_free(viewer->thumbnail_path);
	g_free(viewer->run_dir);
	g_free(viewer->session);
	g_free(viewer->display);
	g_free(viewer->goals_path);
}

static gboolean parse_arguments(Viewer *viewer, int argc, char **argv, GError **error)
{
	const GOptionEntry entries[] = {
		{ "runtime-dir", 0, 0, G_OPTION_ARG_FILENAME, &viewer->run_dir,
		  "Runtime directory of the session", "DIR" },
		{ "session", 0, 0, G_OPTION_ARG_STRING, &viewer->session, "Name of the session",
		  "NAME" },
		{ "display", 0, 0, G_OPTION_ARG_STRING, &viewer->display, "X display to show it on",
		  "DISPLAY" },
		{ "layout", 0, 0, G_OPTION_ARG_FILENAME, &viewer->goals_path,
		  "Where to put its windows", "FILE" },
		{ "ready-fd", 0, 0, G_OPTION_ARG_INT, &viewer->ready_fd, "Descriptor to tell on",
		  "FD" },
		{ NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);

	g_option_context_set_summary(context, "Shows a session on an X display.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return FALSE;
	if (viewer->run_dir && viewer->session && viewer->display && argc == 1)
		return TRUE;
	g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
			    "--runtime-dir, --session and --display are needed");
	return FALSE;
}

int main(int argc, char **argv)
{
	Viewer viewer = { .ready_fd = -1 };
	g_autoptr(GError) error = NULL;

	if (!parse_arguments(&viewer, argc, argv, &error)) {
		g_printerr("vksession-viewer: %s\n", error->message);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	viewer_init(&viewer);
	if (viewer_start(&viewer, &error)) {
		write_files(&viewer);
		tell_ready(&viewer, NULL);
		g_main_loop_run(viewer.loop);
	} else {
		g_printerr("vksession-viewer: %s\n", error->message);
		tell_ready(&viewer, error);
	}
	viewer_finish(&viewer);
	return error ? 1 : 0;
}
