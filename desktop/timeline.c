/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/timeline.h"

#include <glib/gi18n.h>
#include <math.h>

#define HEIGHT	 44
#define MARGIN	 10.0
#define RADIUS	 4.0
#define MINUTE_S 60.0

typedef struct {
	GVariant *saves;
	guint selected;
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

static void get_save(const Timeline *timeline, gsize i, guint *number, double *age_s)
{
	guint64 time, bytes;
	const char *reason;

	g_variant_get_child(timeline->saves, i, "(utt&s@a{sv})", number, &time, &bytes, &reason,
			    NULL);
	*age_s = MAX(0.0, (double)(g_get_real_time() - (gint64)time) / G_USEC_PER_SEC);
}

/* Where an age is, in pixels from the left. */
static double place(double age_s, double oldest_s, double width)
{
	double whole = log1p(MAX(oldest_s, MINUTE_S) / MINUTE_S);

	return width - MARGIN - (width - 2 * MARGIN) * log1p(age_s / MINUTE_S) / whole;
}

static void draw_save(cairo_t *cairo, double x, gboolean selected)
{
	cairo_arc(cairo, x, HEIGHT / 2.0, selected ? 2 * RADIUS : RADIUS, 0, 2 * G_PI);
	cairo_fill(cairo);
}

static gboolean on_draw(GtkWidget *widget, cairo_t *cairo, gpointer user_data)
{
	const Timeline *timeline = timeline_of(widget);
	gsize n = timeline->saves ? g_variant_n_children(timeline->saves) : 0;
	double width = gtk_widget_get_allocated_width(widget), oldest;
	GtkStyleContext *style = gtk_widget_get_style_context(widget);
	guint number;
	GdkRGBA colour;

	gtk_style_context_get_color(style, gtk_style_context_get_state(style), &colour);
	gdk_cairo_set_source_rgba(cairo, &colour);
	cairo_set_line_width(cairo, 1);
	cairo_move_to(cairo, MARGIN, HEIGHT / 2.0);
	cairo_line_to(cairo, width - MARGIN, HEIGHT / 2.0);
	cairo_stroke(cairo);
	if (n == 0)
		return FALSE;
	get_save(timeline, 0, &number, &oldest);
	for (gsize i = 0; i < n; i++) {
		double age;

		get_save(timeline, i, &number, &age);
		draw_save(cairo, place(age, oldest, width), number == timeline->selected);
	}
	return FALSE;
}

GtkWidget *timeline_new(void)
{
	GtkWidget *widget = gtk_drawing_area_new();

	gtk_widget_set_size_request(widget, -1, HEIGHT);
	atk_object_set_name(gtk_widget_get_accessible(widget), _("Saves in time"));
	g_object_set_data_full(G_OBJECT(widget), "vksession-timeline", g_new0(Timeline, 1),
			       timeline_free);
	g_signal_connect(widget, "draw", G_CALLBACK(on_draw), NULL);
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
