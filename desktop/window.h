/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The window: sessions with a picture of each at the left, the chosen one at the right.
 */
#pragma once

#include <gtk/gtk.h>

#include "desktop/sessions.h"

/**
 * Makes the window; it keeps itself up to date until it is closed.
 * @param end_session  ends a session after asking the user
 */
GtkWidget *window_new(GtkApplication *application, DesktopSessions *sessions,
		      void (*end_session)(const char *session, gpointer), gpointer user_data);
