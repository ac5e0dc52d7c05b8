/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What a top-level window and its window manager tell of it. A window that is gone tells nothing.
 */
#pragma once

#include <X11/Xlib.h>
#include <glib.h>

/** @return the title, valid UTF-8, "" if there is none; free with g_free() */
char *xp_facts_title(Display *display, Window window);

/** @return the class part of WM_CLASS, in the same way */
char *xp_facts_class(Display *display, Window window);

/** @return the workspace, as in XpWindow */
int xp_facts_workspace(Display *display, Window window);

/**
 * @return whether the window manager hides an unmapped window that its program wants up: minimised,
 * or on a workspace that is not shown. Most have it as iconic then (ICCCM 4.1.3.1); some, like
 * xfwm4, only if it is minimised.
 */
gboolean xp_facts_hidden(Display *display, Window window);
