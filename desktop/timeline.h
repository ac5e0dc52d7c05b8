/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A picture of a session's saves in time: a dot for each, now at the right. The scale is
 * logarithmic, since an hour matters more today than a month ago. It shows only; the list of saves
 * beside it is what keyboard and screen readers work with.
 */
#pragma once

#include <gtk/gtk.h>

/** @return a new widget without saves */
GtkWidget *timeline_new(void);

/**
 * @param saves     a(uttsa{sv}) as the property Saves; may be NULL
 * @param selected  number of the save to point out; 0: none
 */
void timeline_set(GtkWidget *timeline, GVariant *saves, guint selected);
