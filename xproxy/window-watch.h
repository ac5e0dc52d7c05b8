/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Watches a session's windows on the host's X server.
 */
#pragma once

#include <gio/gio.h>

#include "xproxy/layout.h"

/** Called from the main loop. */
typedef struct {
	/** A window has appeared, changed or gone. */
	void (*changed)(gpointer data);
	/** A window was closed while the client went on. */
	void (*closed)(gpointer data, const XpWindow *window);
	/** A window has come to rest: its position is the user's now, not ours or the manager's. */
	void (*settled)(gpointer data, const XpWindow *window);
	/** The X server is gone; the watch is of no use any more. */
	void (*lost)(gpointer data);
} XpWatchCallbacks;

typedef struct _XpWatch XpWatch;

/**
 * @param display  X display name
 * @param goals    where windows shall be put as they appear; borrowed, may be NULL
 * @return to be freed with xp_watch_free(); NULL with NOT_SUPPORTED if the display can't be opened
 */
XpWatch *xp_watch_new(const char *display, XpLayout *goals, const XpWatchCallbacks *callbacks,
		      gpointer data, GError **error);

/** Tells whose windows to watch: those of this process; 0: of none for now. */
void xp_watch_set_client(XpWatch *watch, pid_t pid);

/**
 * Looks at all of the session's windows now, as if each had just changed: a window manager may tell
 * of a window that it has moved long after it has.
 */
void xp_watch_refresh(XpWatch *watch);

/** @return of XpWindow, the session's windows in order of appearance; to be unreffed */
GPtrArray *xp_watch_list(const XpWatch *watch);

/**
 * Has the X server keep the windows' whole content, also what other windows cover, which the client
 * then draws again.
 */
void xp_watch_prepare_thumbnail(XpWatch *watch);

/** Ends that with a picture of the windows; see xp_thumbnail_write(). */
gboolean xp_watch_write_thumbnail(XpWatch *watch, const char *path, GError **error);

/** Frees a watch; NULL is allowed. */
void xp_watch_free(XpWatch *watch);
