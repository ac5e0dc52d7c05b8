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
 * What a screen is seen on. Between monitors of different sizes there is room that is on none.
 *
 * @return of XRectangle, at least one: the whole screen if the server has no RandR 1.5
 */
GArray *xp_placement_monitors(Display *display);

/**
 * Where a place is on some monitors: unchanged if enough of it to take hold of would be seen on
 * one, else moved into the one that is nearest. A workspace that is not there is forgotten.
 *
 * @param monitors    of XRectangle
 * @param workspaces  how many there are
 */
void xp_placement_fit(XpPlace *place, const GArray *monitors, gulong workspaces);

/**
 * Asks for the client area of a window to be at the place: through the window manager if one
 * answers for _NET_MOVERESIZE_WINDOW (with StaticGravity, so that its frame does not count), else
 * directly, with the frame's size added. If it is on another workspace than the place, that is
 * asked for as well.
 *
 * @param window  on display
 */
void xp_placement_move(Display *display, const XpWindow *window, const XpPlace *place);
