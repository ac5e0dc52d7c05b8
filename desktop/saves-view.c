/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/saves-view.h"

#include <glib/gi18n.h>

#include "desktop/picture.h"
#include "desktop/saves.h"
#include "desktop/timeline.h"
#include "desktop/words.h"

#define SPACE	       8
#define PICTURE_WIDTH  96
#define PICTURE_HEIGHT 60
#define ROW	       "vksession-row"

struct SavesView {
	GtkWidget *box, *timeline, *list;
	GVariant *saves; /* NULL: none */
	void (*go_back)(guint number, gpointer user_data);
	gpointer user_data;
};

/** A row of the list; it is filled again and again, so that it keeps the focus. */
typedef struct {
	SavesView *view;
	guint number;
	GtkWidget *picture, *title, *cost, *button;
} Row;

static Row *row_of(gpointer widget)
{
	return g_object_get_data(G_OBJECT(widget), ROW);
}

static void on_go_back(GtkButton *button, Row *row)
{
	row->view->go_back(row->number, row->view->user_data);
}

static GtkWidget *row_new(SavesView *view, guint number)
{
	GtkWidget *widget = gtk_list_box_row_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACE);
	GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
	Row *row = g_new0(Row, 1);

	*row = (Row){
		.view = view,
		.number = number,
		.picture = picture_new(PICTURE_WIDTH, PICTURE_HEIGHT),
		.title = gtk_label_new(NULL),
		.cost = gtk_label_new(NULL),
		.button = gtk_button_new_with_mnemonic(_("_Go back to it")),
	};
	gtk_label_set_xalign(GTK_LABEL(row->title), 0);
	gtk_label_set_xalign(GTK_LABEL(row->cost), 0);
	gtk_label_set_ellipsize(GTK_LABEL(row->cost), PANGO_ELLIPSIZE_END);
	gtk_widget_set_valign(words, GTK_ALIGN_CENTER);
	gtk_widget_set_valign(row->button, GTK_ALIGN_CENTER);
	gtk_box_pack_start(GTK_BOX(words), row->title, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(words), row->cost, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), row->picture, FALSE, FALSE, SPACE);
	gtk_box_pack_start(GTK_BOX(box), words, TRUE, TRUE, 0);
	gtk_box_pack_end(GTK_BOX(box), row->button, FALSE, FALSE, SPACE);
	g_signal_connect(row->button, "clicked", G_CALLBACK(on_go_back), row);
	gtk_container_add(GTK_CONTAINER(widget), box);
	g_object_set_data_full(G_OBJECT(widget), ROW, row, g_free);
	gtk_widget_show_all(widget);
	return widget;
}

static void row_fill(GtkWidget *widget, const DesktopSave *save)
{
	g_autofree char *moment = words_moment(g_get_real_time(), save->time_us);
	g_autofree char *cost = words_cost(save->disk_bytes, save->total_us, save->pause_us);
	const char *reason = words_reason(save->reason);
	g_autofree char *title =
		g_strdup_printf("%u   %s%s%s", save->number, moment, *reason ? ", " : "", reason);
	/* Translators: with a number and a moment, such as "Go back to save 3, today, 17:20" */
	g_autofree char *spoken =
		g_strdup_printf(_("Go back to save %u, %s"), save->number, moment);
	g_autofree char *line = g_strdup_printf("%s; %s", title, cost);
	Row *row = row_of(widget);

	gtk_label_set_text(GTK_LABEL(row->title), title);
	gtk_label_set_text(GTK_LABEL(row->cost), cost);
	picture_show(row->picture, save->thumbnail, "vksession-saved-symbolic");
	atk_object_set_name(gtk_widget_get_accessible(row->button), spoken);
	atk_object_set_name(gtk_widget_get_accessible(widget), line);
}

static GtkWidget *find_row(SavesView *view, guint number)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(view->list));

	for (GList *l = rows; l; l = l->next) {
		if (row_of(l->data)->number == number)
			return l->data;
	}
	return NULL;
}

static gboolean is_save(GVariant *saves, guint number)
{
	for (gsize i = 0; i < desktop_saves_count(saves); i++) {
		if (desktop_saves_get(saves, i).number == number)
			return TRUE;
	}
	return FALSE;
}

static void remove_gone(SavesView *view)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(view->list));

	for (GList *l = rows; l; l = l->next) {
		if (!is_save(view->saves, row_of(l->data)->number))
			gtk_widget_destroy(l->data);
	}
}

static void point_out(SavesView *view)
{
	GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(view->list));

	timeline_set(view->timeline, view->saves, row ? row_of(row)->number : 0);
}

void saves_view_show(SavesView *view, GVariant *saves)
{
	gsize n = desktop_saves_count(saves);

	g_clear_pointer(&view->saves, g_variant_unref);
	view->saves = saves ? g_variant_ref(saves) : NULL;
	remove_gone(view);
	for (gsize i = n; i-- > 0;) {
		DesktopSave save = desktop_saves_get(saves, i);
		GtkWidget *row = find_row(view, save.number);

		if (!row) {
			row = row_new(view, save.number);
			gtk_list_box_insert(GTK_LIST_BOX(view->list), row, (int)(n - 1 - i));
		}
		row_fill(row, &save);
	}
	point_out(view);
}

static void on_row_selected(GtkListBox *list, GtkListBoxRow *row, SavesView *view)
{
	point_out(view);
}

/* A click on the time line. */
static void on_chosen(guint number, gpointer user_data)
{
	SavesView *view = user_data;
	GtkWidget *row = find_row(view, number);

	if (!row)
		return;
	gtk_list_box_select_row(GTK_LIST_BOX(view->list), GTK_LIST_BOX_ROW(row));
	gtk_widget_grab_focus(row);
}

static void saves_view_free(gpointer data)
{
	SavesView *view = data;

	g_clear_pointer(&view->saves, g_variant_unref);
	g_free(view);
}

SavesView *saves_view_new(void (*go_back)(guint number, gpointer user_data), gpointer user_data)
{
	SavesView *view = g_new0(SavesView, 1);
	GtkWidget *scrolled = gtk_scrolled_window_new(NULL, NULL);

	*view = (SavesView){
		.box = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACE),
		.timeline = timeline_new(on_chosen, view),
		.list = gtk_list_box_new(),
		.go_back = go_back,
		.user_data = user_data,
	};
	atk_object_set_name(gtk_widget_get_accessible(view->list), _("Saves"));
	g_signal_connect(view->list, "row-selected", G_CALLBACK(on_row_selected), view);
	gtk_container_add(GTK_CONTAINER(scrolled), view->list);
	gtk_box_pack_start(GTK_BOX(view->box), view->timeline, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(view->box), scrolled, TRUE, TRUE, 0);
	g_object_set_data_full(G_OBJECT(view->box), "vksession-saves", view, saves_view_free);
	return view;
}

GtkWidget *saves_view_widget(SavesView *view)
{
	return view->box;
}
