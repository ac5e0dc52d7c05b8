/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The right side of the window: one session, what can be done with it, and its saves.
 */
#pragma once

#include <gtk/gtk.h>

#include "desktop/sessions.h"

typedef struct Details Details;

/**
 * @param end_session   ends a session after asking the user
 * @return freed with its widget
 */
Details *details_new(void (*end_session)(const char *session, gpointer), gpointer user_data);

/** Borrowed. */
GtkWidget *details_widget(Details *details);

/** Shows a session, or the same one again after it changed. @param session  NULL: none */
void details_show(Details *details, VksBusSession1 *session);
