/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file What is open on a desktop beside the windows that a window manager has, for tests. */
#pragma once

#include <stdbool.h>

#include <X11/Xlib.h>

enum popup { MENU, NOTIFICATION };

/**
 * Counts those on the screen.
 * @param last  filled with one of them and its place, if there is one
 */
int count_popups(Display *display, enum popup kind, XWindowAttributes *last);

/** @return whether there is more than one colour at its place */
bool popup_is_drawn(Display *display, const XWindowAttributes *place);
