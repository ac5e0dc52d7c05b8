/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The icon in the tray: a StatusNotifier item, or an XEmbed icon where no panel knows those. The
 * icon tells the state of all sessions at a glance; the menu has what can be done with each.
 */
#pragma once

#include "desktop/sessions.h"

/** What the menu asks the application for. */
typedef struct {
	void (*show_window)(gpointer user_data);
	void (*show_settings)(gpointer user_data);
	/** Ends a session after asking the user. */
	void (*end_session)(const char *session, gpointer user_data);
	void (*quit)(gpointer user_data);
	gpointer user_data;
} TrayRequests;

typedef struct Tray Tray;

/** Shows the icon. @param requests  copied. @return free with tray_free() */
Tray *tray_new(DesktopSessions *sessions, const TrayRequests *requests);
void tray_free(Tray *tray);
