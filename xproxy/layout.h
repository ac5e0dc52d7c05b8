/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Layouts: where the windows of a session are. The file format is JSON:
 *
 *     {"version": 1, "windows": [{"guest_xid": 8388618, "wm_class": "XTerm", "title": "xterm",
 *                                 "x": 100, "y": 150, "width": 484, "height": 316}, ...]}
 *
 * Positions are those of the client area on the root window, without the window manager's frame.
 */
#pragma once

#include <gio/gio.h>

#include "xproxy/xproxy.h"

typedef struct {
	guint64 guest_xid;
	char *wm_class;
	char *title;
	int x, y, width, height;
	int workspace;	/* as in XpWindow */
	gboolean taken; /* by a window that has appeared since the layout was read */
} XpPlace;

typedef struct {
	GPtrArray *places; /* of XpPlace */
} XpLayout;

/** @return an empty layout, to be freed with xp_layout_free() */
XpLayout *xp_layout_new(void);

/** Frees a layout; NULL is allowed. */
void xp_layout_free(XpLayout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XpLayout, xp_layout_free)

/** @return the layout in the file, NULL with INVALID_DATA or what reading gave */
XpLayout *xp_layout_read(const char *path, GError **error);

/** Replaces the file atomically. @return FALSE with what writing gave */
gboolean xp_layout_write(const XpLayout *layout, const char *path, GError **error);

/**
 * Finds where a window that has just appeared was: by its id in the guest and class, else (the
 * program was started anew) by class and title, else by class alone; of several the first one that
 * no other window has taken.
 *
 * @return the place, now taken and owned by the layout; NULL if there is none
 */
XpPlace *xp_layout_take(XpLayout *layout, const XpWindow *window);

/** @return whether the layout knows the window with this id in the guest */
gboolean xp_layout_has(const XpLayout *layout, guint64 guest_xid);

/** Notes where a window is now. @return TRUE if the layout has changed */
gboolean xp_layout_update(XpLayout *layout, const XpWindow *window);

/** Forgets a window that was closed. @return TRUE if the layout has changed */
gboolean xp_layout_remove(XpLayout *layout, guint64 guest_xid);

/** Forgets all but the given windows (of XpWindow). @return TRUE if the layout has changed */
gboolean xp_layout_retain(XpLayout *layout, const GPtrArray *windows);
