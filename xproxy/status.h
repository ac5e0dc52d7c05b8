/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * viewer.json: what the viewer process tells the library.
 */
#pragma once

#include "xproxy/xproxy.h"

#define XP_STATUS_FILE	  "viewer.json"
#define XP_LAYOUT_FILE	  "layout.json"
#define XP_THUMBNAIL_FILE "thumbnail.png"
#define XP_LOCK_FILE	  "viewer.lock"
#define XP_SOCKET_FILE	  "display.sock"

/** @return an empty status, to be freed with xp_viewer_status_free() */
XpViewerStatus *xp_status_new(void);

/** @return the status in the file, NULL with INVALID_DATA or what reading gave */
XpViewerStatus *xp_status_read(const char *path, GError **error);

/** Replaces the file atomically. @return FALSE with what writing gave */
gboolean xp_status_write(const XpViewerStatus *status, const char *path, GError **error);
