/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Host side of a session's display: the viewer process (xpra client, window watch).
 *
 * A viewer is addressed by the session's runtime directory (RUN). It keeps there
 *   viewer.lock   flock()ed while it lives; holds its process id
 *   viewer.json   what it sees now (xp_viewer_get_status()), gone when it ends properly
 *   layout.json   where the session's windows are, or were when it was last attached
 *   thumbnail.png how they looked when that was last asked for
 * and reads display.sock, the launcher's listener. Errors are of domain G_IO_ERROR; NOT_SUPPORTED
 * names a missing xpra or X display. Times are of CLOCK_MONOTONIC, so callers can compare them with
 * g_get_monotonic_time().
 */
#pragma once

#include <gio/gio.h>

#define XP_WORKSPACE_UNKNOWN (-1) /* no window manager has told */
#define XP_WORKSPACE_ALL     (-2)

typedef struct {
	char *title;
	char *wm_class; /* class part of WM_CLASS, as the program in the guest set it */
	int x, y;	/* of the client area on the root window, pixels */
	int width, height;
	int workspace; /* of the window manager, from 0, or one of the above */
	gboolean mapped;
	gboolean hidden;  /* not mapped because the window manager hides it: minimised, elsewhere */
	gboolean drawn;	  /* mapped, and its content is more than one colour */
	gboolean settled; /* it has its place, and the viewer moves it no more */
	guint64 xid;	  /* on the host's X server */
	guint64 guest_xid; /* on the guest's X server; the same after a thaw */
} XpWindow;

/** @return whether its program has the window up, seen or not */
static inline gboolean xp_window_is_up(const XpWindow *window)
{
	return window->mapped || window->hidden;
}

/** Frees a window; NULL is allowed. */
void xp_window_free(XpWindow *window);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XpWindow, xp_window_free)

typedef struct {
	pid_t viewer_pid;
	pid_t client_pid; /* xpra attach; 0 between restarts */
	char *display;
	gint64 started_us;     /* when the viewer was started */
	gint64 connected_us;   /* the server's first answer; 0 if none yet */
	gint64 first_drawn_us; /* first window drawn, or up and hidden; 0 if not yet */
	gint64 noted_us;       /* the places are of then or later; -1: this viewer can't be asked */
	guint restarts;	       /* of an xpra client that had served */
	GPtrArray *windows;    /* of XpWindow: the session's top-level windows */
} XpViewerStatus;

/** Frees a status; NULL is allowed. */
void xp_viewer_status_free(XpViewerStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XpViewerStatus, xp_viewer_status_free)

/**
 * Starts vksession-viewer, which shows the session behind RUN/display.sock on an X display, now or
 * as soon as the socket answers. Returns when the viewer holds its lock and has the display open.
 *
 * The viewer ends by itself when nobody listens on display.sock any more or the X display is gone.
 * The executable is taken from $VKSESSION_LIBEXECDIR, else from the installed place.
 *
 * @param display       X display name; NULL: $DISPLAY
 * @param environment   of the viewer and its client; NULL: the caller's
 * @param layout_path   a layout written by xp_layout_save(), restored as windows appear; NULL:
 *                      RUN/layout.json if there is one
 * @param log_path      the client's own output is appended here
 * @return FALSE with EXISTS (a viewer is attached already), NOT_SUPPORTED (no xpra, no display) or
 *         FAILED
 */
gboolean xp_viewer_start(const char *runtime_dir, const char *session, const char *display,
			 const char *const *environment, const char *layout_path,
			 const char *log_path, GError **error);

/** @return the viewer's status, to be freed; NULL without error if none runs */
XpViewerStatus *xp_viewer_get_status(const char *runtime_dir);

/**
 * Asks the viewer for a picture of the session's windows, at most XP_THUMBNAIL_WIDTH by
 * XP_THUMBNAIL_HEIGHT pixels large. Returns at once: RUN/thumbnail.png is replaced a moment later,
 * before a viewer that is stopped in the meantime ends. Nothing happens if none runs.
 */
void xp_viewer_request_thumbnail(const char *runtime_dir);

/**
 * Ends the viewer and its client; the session goes on.
 *
 * @param timeout_ms  after which it is killed
 * @return TRUE also if none ran; FALSE with TIMED_OUT or FAILED
 */
gboolean xp_viewer_stop(const char *runtime_dir, guint timeout_ms, GError **error);

/**
 * Blocks until the first window is drawn, or up and hidden by the window manager.
 *
 * @param timeout_ms  0: for ever
 * @return FALSE with TIMED_OUT, or FAILED if the viewer ended or none runs
 */
gboolean xp_viewer_wait_drawn(const char *runtime_dir, guint timeout_ms, GError **error);

/**
 * Writes positions and sizes of the session's windows as JSON: those of now, for which the viewer
 * is asked, or those last known if none runs or it does not answer in a second.
 *
 * @param path  of the new file; replaced atomically. An empty layout is written if none is known.
 * @return FALSE with INVALID_DATA or what writing gave
 */
gboolean xp_layout_save(const char *runtime_dir, const char *path, GError **error);

/**
 * The size of a host display, for the guest's screen (VKSESSION_SCREEN and VKSESSION_MODE).
 *
 * @param display  X display name; NULL: $DISPLAY
 * @return FALSE with NOT_SUPPORTED if the display can't be opened
 */
gboolean xp_display_size(const char *display, guint *width, guint *height, GError **error);

/**
 * Variables for a fresh guest's display stack, so that its screen fits a display that will show it.
 *
 * @param display  X display name; NULL: $DISPLAY
 * @return "NAME=value" strings, free with g_strfreev(); empty if the display can't be opened
 */
char **xp_guest_environment(const char *display);

/**
 * Looks for what a viewer or the guest's display needs on this machine.
 *
 * @return of strings, one a problem with its remedy; empty: all is there. To be unreffed.
 */
GPtrArray *xp_check_host(void);
