/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * UPower: the warning level of the batteries together (its display device), and the lid.
 * Source: org.freedesktop.UPower.Device(7).
 */
#pragma once

#include <gio/gio.h>

#include "pm-hooks/power-machine.h"

typedef struct UpowerWatch UpowerWatch;

struct upower_callbacks {
	/** The warning level has risen: one of the POWER_BATTERY_ events. */
	void (*event)(gpointer data, enum power_event event);
	/** The lid is known to be open or closed; also if nothing has changed. */
	void (*lid)(gpointer data, gboolean closed);
};

/**
 * Begins to watch; a machine without UPower has no battery to watch.
 *
 * @param connection  to the system bus; referenced
 * @param callbacks, data  borrowed; called from the main loop
 * @return free with upower_watch_free()
 */
UpowerWatch *upower_watch_new(GDBusConnection *connection, const struct upower_callbacks *callbacks,
			      gpointer data);

/** Ends the watch. NULL is fine. */
void upower_watch_free(UpowerWatch *watch);
