/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file The user's graphical logins, as logind knows them. */
#pragma once

#include <gio/gio.h>

typedef struct LoginWatch LoginWatch;

/**
 * Begins to watch. A login whose leader has ended counts as ended even if logind keeps its record
 * because some program of it is left.
 *
 * @param connection  to the system bus; referenced
 * @param last_ended  called from the main loop when there was a graphical login of this user and
 *                    none is left
 * @param data        borrowed; passed to it
 * @return free with login_watch_free()
 */
LoginWatch *login_watch_new(GDBusConnection *connection, void (*last_ended)(gpointer data),
			    gpointer data);

/** Ends the watch. NULL is fine. */
void login_watch_free(LoginWatch *watch);
