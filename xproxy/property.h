/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Properties of windows that tell of the window manager (EWMH).
 */
#pragma once

#include <X11/Xlib.h>
#include <glib.h>

#define XP_NET_ALL_DESKTOPS 0xffffffffUL /* of _NET_WM_DESKTOP */

/**
 * Reads a property of 32 bit items.
 *
 * @param count  filled; 0 if there is none
 * @return the items, freed with XFree(); NULL if there is no such property of this type
 */
gulong *xp_property_get(Display *display, Window window, const char *name, Atom type,
			gulong *count);

/** Reads a property that is a single number. @return whether there is one */
gboolean xp_property_get_cardinal(Display *display, Window window, const char *name, gulong *value);

/** @return whether a window manager runs that answers for a property or message of that name */
gboolean xp_manager_supports(Display *display, const char *name);
