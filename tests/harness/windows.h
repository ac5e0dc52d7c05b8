/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What a person sees and does on a desktop, for tests: which windows there are, where, of what
 * colours; typing, moving, copying.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "xserver.h"

/** A managed window. */
struct window {
	unsigned long id;
	char title[128];
	int x, y; /* of the client area on the screen */
	int width, height;
};

/**
 * Waits for a window whose title contains a string, mapped and with more than one colour in it.
 *
 * @param found  filled; may be NULL
 * @return whether it came in time
 */
bool window_wait(const struct xserver *x, const char *title, struct window *found, int timeout_ms);

/** Waits until no managed window is left. */
bool window_wait_none(const struct xserver *x, int timeout_ms);

/** Waits until a window is at a place and of a size, within `slack` pixels. last is where it was
 * seen last. */
bool window_wait_geometry(const struct xserver *x, const struct window *wanted, int slack,
			  struct window *last, int timeout_ms);

/** Moves and resizes a window as a person would with the mouse, and waits until it is so. */
bool window_place(const struct xserver *x, struct window *window, int x_to, int y_to, int width,
		  int height);

/** Asks the window manager to make a window as large as its monitor. */
void window_maximize(const struct xserver *x, const struct window *window);

/** @return whether a window is on a workspace of the window manager, counted from 0, or comes there
 * soon */
bool window_wait_workspace(const struct xserver *x, const struct window *window, int workspace);

/** Sends a window to a workspace, as a person would with its menu, and waits until it is there. */
bool window_send_to_workspace(const struct xserver *x, const struct window *window, int workspace);

/** Shows another workspace. */
bool workspace_show(const struct xserver *x, int workspace);

/** Gives a window the keyboard and types text in it. Return: whether xdotool could. */
bool window_type(const struct xserver *x, const struct window *window, const char *text);

/** Gives a window the keyboard and presses keys, named as xdotool names them ("ctrl+a"). */
bool window_keys(const struct xserver *x, const struct window *window, const char *keys);

/** Gives a window the keyboard, and presses a key and holds it. Return: whether xdotool could. */
bool window_hold_key(const struct xserver *x, const struct window *window, const char *key);

/** Releases a key that is held, whoever has the keyboard. */
bool release_key(const struct xserver *x, const char *key);

/** @return the text on the desktop's clipboard, to be freed; NULL if there is none */
char *clipboard_get(const struct xserver *x);

/** Puts a text on the desktop's clipboard. */
bool clipboard_set(const struct xserver *x, const char *text);
