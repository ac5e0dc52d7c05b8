/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Host side of a session's display: the viewer process (xpra client, window watch).
 *
 * All functions return G_IO_ERROR errors: NOT_SUPPORTED for a missing xpra or X display.
 * A viewer is addressed by the session's runtime directory.
 */
#pragma once

#include <gio/gio.h>

typedef struct {
	char *title;
	char *wm_class;
	int x, y;			/* of the client area on the root window, pixels */
	int width, height;
	gboolean mapped;
	gboolean drawn;			/* mapped, and its content is more than one colour */
	guint64 xid;			/* on the host's X server */
} XpWindow;
void xp_window_free(XpWindow *window);

typedef struct {
	pid_t viewer_pid;
	pid_t client_pid;		/* xpra attach; 0 between restarts */
	char *display;
	gint64 started_us;		/* CLOCK_MONOTONIC, when the viewer was started */
	gint64 connected_us;		/* first connection to the server; 0 if not yet */
	gint64 first_drawn_us;		/* first window mapped and drawn; 0 if not yet */
	guint restarts;			/* of the xpra client */
	GPtrArray *windows;		/* of XpWindow */
} XpViewerStatus;
void xp_viewer_status_free(XpViewerStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XpViewerStatus, xp_viewer_status_free)

/**
 * Starts vksession-viewer, which shows the session behind RUN/display.sock on an X display, now or
 * as soon as the socket answers. Returns at once when the viewer holds its lock.
 *
 * @param display       X display name; NULL: $DISPLAY
 * @param layout_path   a layout written by xp_layout_save(), restored as windows appear; may be NULL
 * @param log_path      the client's own output is appended here
 * @return FALSE: EXISTS (a viewer is attached already), NOT_SUPPORTED (no xpra, no display), FAILED
 */
gboolean xp_viewer_start(const char *runtime_dir, const char *session, const char *display,
			 const char *layout_path, const char *log_path, GError **error);

/** @return the viewer's status, NULL without error if none runs */
XpViewerStatus *xp_viewer_get_status(const char *runtime_dir);

/** Ends the viewer and its client; the session goes on. TRUE also if none ran. */
gboolean xp_viewer_stop(const char *runtime_dir, guint timeout_ms, GError **error);

/** Blocks until the first window is mapped and drawn; TIMED_OUT after timeout_ms, or FAILED if the viewer ended. */
gboolean xp_viewer_wait_drawn(const char *runtime_dir, guint timeout_ms, GError **error);

/** Writes positions and sizes of the session's windows (last known, also when detached) as JSON to path. */
gboolean xp_layout_save(const char *runtime_dir, const char *path, GError **error);

/** One problem per string that would keep a viewer or the guest's display from starting (for `doctor`). */
GPtrArray *xp_check_host(void);
