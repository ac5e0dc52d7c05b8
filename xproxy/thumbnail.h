/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A small picture of a session's windows.
 */
#pragma once

#include <X11/Xlib.h>
#include <gio/gio.h>

#define XP_THUMBNAIL_WIDTH  320 /* pixels, at most */
#define XP_THUMBNAIL_HEIGHT 200

/**
 * Draws windows where they are on the screen, one over the other as they are stacked, and scales
 * the whole down. Where no window is the picture is transparent.
 *
 * @param windows  of XpWindow; those that are drawn count. They should be retained (see content.h),
 *                 so that what others cover is there to be drawn
 * @param path     of a PNG file; replaced atomically, mode 0600
 * @return FALSE with NOT_FOUND (no window), NOT_SUPPORTED (no RENDER) or what writing gave
 */
gboolean xp_thumbnail_write(Display *display, const GPtrArray *windows, const char *path,
			    GError **error);
