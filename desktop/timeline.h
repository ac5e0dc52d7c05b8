/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A picture of a session's saves in time: a dot for each, now at the right. The scale is
 * logarithmic, since an hour matters more today than a month ago. The pointer on a dot shows how
 * the windows were; the list of saves beside it is what keyboard and screen readers work with.
 */
#pragma once

#include <gtk/gtk.h>

/**
 * @param chosen  a save's dot was clicked
 * @return a new widget without saves
 */
GtkWidget *timeline_new(void (*chosen)(guint number, gpointer user_data), gpointer user_data);

/**
 * @param saves     the property Saves; may be NULL
 * @param selected  number of the save to point out; 0: none
 */
void timeline_set(GtkWidget *timeline, GVariant *saves, guint selected);
