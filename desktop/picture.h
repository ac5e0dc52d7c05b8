/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Pictures of sessions, as widgets that keep up with their files.
 */
#pragma once

#include <gtk/gtk.h>

/** @return a new image of a size, in pixels, that shows nothing yet */
GtkWidget *picture_new(int width, int height);

/**
 * Shows a file, scaled to fit; it is read again only if it has changed.
 *
 * @param path  of a PNG file
 * @param icon  name of the icon that is shown if there is no such file
 */
void picture_show(GtkWidget *picture, const char *path, const char *icon);
