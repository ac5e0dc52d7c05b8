/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The menu of one session, as an item of the tray's menu. It is made once and changes in place: a
 * panel closes an open menu of which items are replaced.
 */
#pragma once

#include <gtk/gtk.h>

#include "desktop/sessions.h"

typedef struct SessionMenu SessionMenu;

/**
 * @param end_session  ends a session after asking the user
 * @return freed with its item
 */
SessionMenu *session_menu_new(const char *session,
			      void (*end_session)(const char *session, gpointer),
			      gpointer user_data);

/** The item with the menu; borrowed. */
GtkWidget *session_menu_item(SessionMenu *menu);

/** The session's name; borrowed. */
const char *session_menu_name(const SessionMenu *menu);

/** Shows how the session is now, and what can be done with it. */
void session_menu_update(SessionMenu *menu, VksBusSession1 *session);
