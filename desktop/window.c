/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/window.h"

#include <glib/gi18n.h>

#include "desktop/details.h"
#include "desktop/picture.h"
#include "desktop/words.h"

#define SPACE		 8
#define THUMBNAIL_WIDTH	 96
#define THUMBNAIL_HEIGHT 60

typedef struct {
	DesktopSessions *sessions;
	GtkWidget *list, *empty;
	Details *details;
	gulong changed;
} Window;

/** A row of the list; its widgets are filled again and again, so that it keeps the focus. */
typedef struct {
	char *name;
	GtkWidget *picture, *title, *state;
} Row;

static void row_free(gpointer data)
{
	Row *row = data;

	g_free(row->name);
	g_free(row);
}

static Row *row_of(GtkListBoxRow *widget)
{
	return g_object_get_data(G_OBJECT(widget), "vksession-row");
}

static GtkWidget *row_new(const char *name)
{
	GtkWidget *widget = gtk_list_box_row_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACE);
	GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
	Row *row = g_new0(Row, 1);

	row->name = g_strdup(name);
	row->picture = picture_new(THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT);
	row->title = gtk_label_new(name);
	row->state = gtk_label_new(NULL);
	gtk_label_set_xalign(GTK_LABEL(row->title), 0);
	gtk_label_set_xalign(GTK_LABEL(row->state), 0);
	gtk_label_set_ellipsize(GTK_LABEL(row->state), PANGO_ELLIPSIZE_END);
	gtk_box_pack_start(GTK_BOX(words), row->title, FALSE, FALSE, SPACE);
	gtk_box_pack_start(GTK_BOX(words), row->state, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), row->picture, FALSE, FALSE, SPACE);
	gtk_box_pack_start(GTK_BOX(box), words, TRUE, TRUE, 0);
	gtk_container_add(GTK_CONTAINER(widget), box);
	g_object_set_data_full(G_OBJECT(widget), "vksession-row", row, row_free);
	gtk_widget_show_all(widget);
	return widget;
}

static void row_fill(GtkListBoxRow *widget, VksBusSession1 *session)
{
	const char *thumbnail = vks_bus_session1_get_thumbnail(session);
	g_autofree char *state = NULL, *spoken = NULL, *icon = NULL;
	Row *row = row_of(widget);
	WordsSession words;

	desktop_session_words(session, &words);
	state = words_session(&words, g_get_real_time());
	spoken = g_strdup_printf("%s: %s", words.name, state);
	gtk_label_set_text(GTK_LABEL(row->state), state);
	atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(widget)), spoken);
	icon = g_strdup_printf("%s-symbolic", words_icon(words_overall(&words, g_get_real_time())));
	picture_show(row->picture, thumbnail ? thumbnail : "", icon);
}

static GtkListBoxRow *find_row(Window *window, const char *name)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(window->list));

	for (GList *l = rows; l; l = l->next) {
		if (g_strcmp0(row_of(l->data)->name, name) == 0)
			return l->data;
	}
	return NULL;
}

static gboolean listed(GPtrArray *list, const char *name)
{
	for (guint i = 0; i < list->len; i++) {
		if (g_strcmp0(vks_bus_session1_get_name(list->pdata[i]), name) == 0)
			return TRUE;
	}
	return FALSE;
}

static void remove_gone(Window *window, GPtrArray *list)
{
	g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(window->list));

	for (GList *l = rows; l; l = l->next) {
		if (!listed(list, row_of(l->data)->name))
			gtk_widget_destroy(l->data);
	}
}

static void show_selected(Window *window)
{
	GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(window->list));
	g_autoptr(VksBusSession1)
		session = row ? desktop_sessions_find(window->sessions, row_of(row)->name) : NULL;

	details_show(window->details, session);
}

static void refresh(Window *window)
{
	g_autoptr(GPtrArray) list = desktop_sessions_list(window->sessions);

	remove_gone(window, list);
	for (guint i = 0; i < list->len; i++) {
		const char *name = vks_bus_session1_get_name(list->pdata[i]);
		GtkListBoxRow *row = find_row(window, name);

		if (!row) {
			row = GTK_LIST_BOX_ROW(row_new(name));
			gtk_list_box_insert(GTK_LIST_BOX(window->list), GTK_WIDGET(row), (int)i);
		}
		row_fill(row, list->pdata[i]);
	}
	if (list->len > 0 && !gtk_list_box_get_selected_row(GTK_LIST_BOX(window->list)))
		gtk_list_box_select_row(
			GTK_LIST_BOX(window->list),
			gtk_list_box_get_row_at_index(GTK_LIST_BOX(window->list), 0));
	gtk_label_set_text(GTK_LABEL(window->empty),
			   desktop_sessions_available(window->sessions)
				   ? _("No sessions yet. Start one with:\nvksession run PROGRAM")
				   : _("The vksession daemon is not running"));
	gtk_widget_set_visible(window->empty, list->len == 0);
	show_selected(window);
}

static void on_row_selected(GtkListBox *list, GtkListBoxRow *row, Window *window)
{
	show_selected(window);
}

static void window_free(gpointer data)
{
	Window *window = data;

	g_signal_handler_disconnect(window->sessions, window->changed);
	g_object_unref(window->sessions);
	g_free(window);
}

static GtkWidget *make_list(Window *window)
{
	GtkWidget *scrolled = gtk_scrolled_window_new(NULL, NULL);

	window->list = gtk_list_box_new();
	window->empty = gtk_label_new(NULL);
	gtk_widget_show(window->empty);
	gtk_list_box_set_placeholder(GTK_LIST_BOX(window->list), window->empty);
	atk_object_set_name(gtk_widget_get_accessible(window->list), _("Sessions"));
	g_signal_connect(window->list, "row-selected", G_CALLBACK(on_row_selected), window);
	gtk_widget_set_size_request(scrolled, 350, -1);
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
				       GTK_POLICY_AUTOMATIC);
	gtk_container_add(GTK_CONTAINER(scrolled), window->list);
	return scrolled;
}

GtkWidget *window_new(GtkApplication *application, DesktopSessions *sessions,
		      void (*end_session)(const char *session, gpointer), gpointer user_data)
{
	GtkWidget *top = gtk_application_window_new(application);
	GtkWidget *paned = gtk_paned_new(GTK_ORIENTATION_HORIZONTAL);
	Window *window = g_new0(Window, 1);

	window->sessions = g_object_ref(sessions);
	window->details = details_new(end_session, user_data);
	gtk_paned_pack1(GTK_PANED(paned), make_list(window), FALSE, FALSE);
	gtk_paned_pack2(GTK_PANED(paned), details_widget(window->details), TRUE, FALSE);
	gtk_container_add(GTK_CONTAINER(top), paned);
	gtk_window_set_title(GTK_WINDOW(top), _("Sessions"));
	gtk_window_set_icon_name(GTK_WINDOW(top), "vksession");
	gtk_window_set_default_size(GTK_WINDOW(top), 960, 560);
	g_object_set_data_full(G_OBJECT(top), "vksession-window", window, window_free);
	window->changed =
		g_signal_connect_swapped(sessions, "changed", G_CALLBACK(refresh), window);
	gtk_widget_show_all(paned);
	refresh(window);
	return top;
}
