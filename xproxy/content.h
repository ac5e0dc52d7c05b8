/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Whether something is drawn in a window.
 */
#pragma once

#include <X11/Xlib.h>
#include <glib.h>

/**
 * Looks for a second colour among the window's pixels, in strips from the top, so that a usual
 * window is decided by its first rows. Parts off the screen are left out.
 *
 * @param x       of the window's client area on the root window, pixels
 * @param y       likewise
 * @param width   of the client area
 * @param height  likewise
 * @return FALSE also if the window can't be read (unmapped, gone)
 */
gboolean xp_content_is_drawn(Display *display, Window window, int x, int y, int width, int height);

/** @return whether the image has pixels of different colour; the alpha channel does not count */
gboolean xp_content_has_colours(XImage *image);
