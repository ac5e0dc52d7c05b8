/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Whether something is drawn in a window.
 */
#pragma once

#include <X11/Xlib.h>
#include <glib.h>

/**
 * Has the X server keep the window's whole content, also what other windows cover; to be called
 * before the window is mapped. Ends with xp_content_release().
 */
void xp_content_retain(Display *display, Window window);

/** Undoes xp_content_retain(), which costs memory and a copy for each drawing. */
void xp_content_release(Display *display, Window window);

/**
 * Looks for a second colour among the pixels of a retained window, in strips from the top, so that
 * a usual window is decided by its first rows.
 *
 * @return FALSE also if the window can't be read (unmapped, gone)
 */
gboolean xp_content_is_drawn(Display *display, Window window);

/** @return whether the image has pixels of different colour; the alpha channel does not count */
gboolean xp_content_has_colours(XImage *image);
