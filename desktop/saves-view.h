/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The saves of a session: on a time line, and as a list with a picture of each. The one that is
 * chosen in the list is pointed out on the line.
 */
#pragma once

#include <gtk/gtk.h>

typedef struct SavesView SavesView;

/**
 * @param go_back  the user wants to go back to a save
 * @return freed with its widget
 */
SavesView *saves_view_new(void (*go_back)(guint number, gpointer user_data), gpointer user_data);

/** Borrowed. */
GtkWidget *saves_view_widget(SavesView *view);

/** Shows saves, or the same ones again. @param saves  the property Saves; may be NULL */
void saves_view_show(SavesView *view, GVariant *saves);
