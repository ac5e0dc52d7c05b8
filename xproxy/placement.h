/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Moving windows to where they were.
 */
#pragma once

#include <X11/Xlib.h>

#include "xproxy/layout.h"

/** A window's frame: widths of the window manager's decorations around the client area, pixels. */
typedef struct {
	int left, right, top, bottom;
} XpFrame;

/** @return whether the window's client area is where the place says, with its size and workspace */
gboolean xp_placement_matches(const XpPlace *place, const XpWindow *window);

/**
 * Where a place is on a screen of some size: unchanged if enough of it to take hold of would be
 * seen, else moved in. A workspace that is not there is forgotten.
 *
 * @param workspaces  how many there are
 */
void xp_placement_fit(XpPlace *place, int screen_width, int screen_height, gulong workspaces);

/**
 * Asks for the client area of a window to be at the place: through the window manager if one
 * answers for _NET_MOVERESIZE_WINDOW (with StaticGravity, so that its frame does not count), else
 * directly, with the frame's size added. If it is on another workspace than the place, that is
 * asked for as well.
 *
 * @param window  on display
 */
void xp_placement_move(Display *display, const XpWindow *window, const XpPlace *place);
