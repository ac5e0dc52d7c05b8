/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/timeline.h"

#include <glib/gi18n.h>
#include <math.h>

#include "desktop/saves.h"
#include "desktop/words.h"

#define HEIGHT	 44
#define MARGIN	 10.0
#define RADIUS	 4.0
#define REACH	 10.0 /* pixels from a dot's middle that belong to it */
#define MINUTE_S 60.0

typedef struct {
	GVariant *saves;
	guint selected;
	void (*chosen)(guint number, gpointer user_data);
	gpointer user_data;
} Timeline;

static Timeline *timeline_of(GtkWidget *widget)
{
	return g_object_get_data(G_OBJECT(widget), "vksession-timeline");
}

static void timeline_free(gpointer data)
{
	Timeline *timeline = data;

	g_clear_pointer(&timeline->saves, g_variant_unref);
	g_free(timeline);
}

static double age_of(const DesktopSave *save)
{
	return MAX(0.0, (double)(g_get_real_time() - save->time_us) / G_USEC_PER_SEC);
}

/* Where a save is, in pixels from the left; the oldest is at the left end. */
static double place(GtkWidget *widget, const DesktopSave *save)
{
	DesktopSave oldest = desktop_saves_get(timeline_of(widget)->saves, 0);
	double width = gtk_widget_get_allocated_width(widget);
	double whole = log1p(MAX(age_of(&oldest), MINUTE_S) / MINUTE_S);

	return width - MARGIN - (width - 2 * MARGIN) * log1p(age_of(save) / MINUTE_S) / whole;
}

static gboolean on_draw(GtkWidget *widget, cairo_t *cairo, gpointer user_data)
{
	const Timeline *timeline = timeline_of(widget);
	double width = gtk_widget_get_allocated_width(widget);
	GtkStyleContext *style = gtk_widget_get_style_context(widget);
	GdkRGBA colour;

	gtk_style_context_get_color(style, gtk_style_context_get_state(style), &colour);
	gdk_cairo_set_source_rgba(cairo, &colour);
	cairo_set_line_width(cairo, 1);
	cairo_move_to(cairo, MARGIN, HEIGHT / 2.0);
	cairo_line_to(cairo, width - MARGIN, HEIGHT / 2.0);
	cairo_stroke(cairo);
	for (gsize i = 0; i < desktop_saves_count(timeline->saves); i++) {
		DesktopSave save = desktop_saves_get(timeline->saves, i);

		cairo_arc(cairo, place(widget, &save), HEIGHT / 2.0,
			  save.number == timeline->selected ? 2 * RADIUS : RADIUS, 0, 2 * G_PI);
		cairo_fill(cairo);
	}
	return FALSE;
}

/* The save whose dot is nearest to a place, if one is near. */
static gboolean find_save(GtkWidget *widget, double x, DesktopSave *found)
{
	const Timeline *timeline = timeline_of(widget);
	double nearest = REACH;

	for (gsize i = 0; i < desktop_saves_count(timeline->saves); i++) {
		DesktopSave save = desktop_saves_get(timeline->saves, i);
		double distance = fabs(place(widget, &save) - x);

		if (distance > nearest)
			continue;
		nearest = distance;
		*found = save;
	}
	return nearest < REACH;
}

static gboolean on_query_tooltip(GtkWidget *widget, int x, int y, gboolean keyboard,
				 GtkTooltip *tooltip, gpointer user_data)
{
	g_autofree char *moment = NULL, *text = NULL;
	g_autoptr(GdkPixbuf) picture = NULL;
	DesktopSave save = { 0 };

	if (keyboard || !find_save(widget, x, &save))
		return FALSE;
	moment = words_moment(g_get_real_time(), save.time_us);
	text = g_strdup_printf("%u   %s", save.number, moment);
	picture = gdk_pixbuf_new_from_file(save.thumbnail, NULL);
	gtk_tooltip_set_text(tooltip, text);
	gtk_tooltip_set_icon(tooltip, picture);
	return TRUE;
}

static gboolean on_button_press(GtkWidget *widget, GdkEventButton *event, gpointer user_data)
{
	const Timeline *timeline = timeline_of(widget);
	DesktopSave save = { 0 };

	if (!find_save(widget, event->x, &save))
		return FALSE;
	timeline->chosen(save.number, timeline->user_data);
	return TRUE;
}

GtkWidget *timeline_new(void (*chosen)(guint number, gpointer user_data), gpointer user_data)
{
	GtkWidget *widget = gtk_drawing_area_new();
	Timeline *timeline = g_new0(Timeline, 1);

	timeline->chosen = chosen;
	timeline->user_data = user_data;
	gtk_widget_set_size_request(widget, -1, HEIGHT);
	gtk_widget_set_has_tooltip(widget, TRUE);
	gtk_widget_add_events(widget, GDK_BUTTON_PRESS_MASK);
	atk_object_set_name(gtk_widget_get_accessible(widget), _("Saves in time"));
	g_object_set_data_full(G_OBJECT(widget), "vksession-timeline", timeline, timeline_free);
	g_signal_connect(widget, "draw", G_CALLBACK(on_draw), NULL);
	g_signal_connect(widget, "query-tooltip", G_CALLBACK(on_query_tooltip), NULL);
	g_signal_connect(widget, "button-press-event", G_CALLBACK(on_button_press), NULL);
	return widget;
}

void timeline_set(GtkWidget *widget, GVariant *saves, guint selected)
{
	Timeline *timeline = timeline_of(widget);

	g_clear_pointer(&timeline->saves, g_variant_unref);
	timeline->saves = saves ? g_variant_ref(saves) : NULL;
	timeline->selected = selected;
	gtk_widget_queue_draw(widget);
}
