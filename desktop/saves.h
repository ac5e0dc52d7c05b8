/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The property Saves of a session, save by save.
 */
#pragma once

#include <glib.h>

/** One save. Strings are borrowed from the property; what is not known is 0 or "". */
typedef struct {
	guint number;
	gint64 time_us; /* CLOCK_REALTIME */
	guint64 disk_bytes;
	const char *reason;
	const char *thumbnail; /* path of a PNG */
	guint64 pause_us;      /* that its programs stood still */
	guint64 total_us;      /* until it was safe on the disk */
} DesktopSave;

/** @param saves  the property; may be NULL. @return how many saves it has */
gsize desktop_saves_count(GVariant *saves);

/** @return one of the saves, from the oldest on */
DesktopSave desktop_saves_get(GVariant *saves, gsize i);
