/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/picture.h"

#include <glib/gstdio.h>

#define DATA "vksession-picture"

typedef struct {
	int width, height;
	char *path;
	gint64 written_us; /* CLOCK_REALTIME; 0: the icon is shown */
} Shown;

static void shown_free(gpointer data)
{
	Shown *shown = data;

	g_free(shown->path);
	g_free(shown);
}

static gint64 time_of_file(const char *path)
{
	GStatBuf status;

	if (!*path || g_stat(path, &status) != 0)
		return 0;
	return status.st_mtim.tv_sec * G_USEC_PER_SEC + status.st_mtim.tv_nsec / 1000;
}

GtkWidget *picture_new(int width, int height)
{
	GtkWidget *picture = gtk_image_new();
	Shown *shown = g_new0(Shown, 1);

	shown->width = width;
	shown->height = height;
	gtk_widget_set_size_request(picture, width, height);
	g_object_set_data_full(G_OBJECT(picture), DATA, shown, shown_free);
	return picture;
}

void picture_show(GtkWidget *picture, const char *path, const char *icon)
{
	Shown *shown = g_object_get_data(G_OBJECT(picture), DATA);
	g_autoptr(GdkPixbuf) pixels = NULL;
	gint64 written = time_of_file(path);

	if (written > 0 && written == shown->written_us && g_strcmp0(path, shown->path) == 0)
		return;
	if (written > 0)
		pixels = gdk_pixbuf_new_from_file_at_size(path, shown->width, shown->height, NULL);
	if (pixels)
		gtk_image_set_from_pixbuf(GTK_IMAGE(picture), pixels);
	else
		gtk_image_set_from_icon_name(GTK_IMAGE(picture), icon, GTK_ICON_SIZE_DIALOG);
	shown->written_us = pixels ? written : 0;
	g_free(shown->path);
	shown->path = g_strdup(path);
}
