/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/session-menu.h"

#include <glib/gi18n.h>

#include "desktop/actions.h"
#include "desktop/requests.h"
#include "desktop/saves.h"
#include "desktop/words.h"

/* The newest ones; a menu is no archive, the window shows all. */
#define GO_BACK_MAX 12
#define NUMBER	    "vksession-number" /* of the save that an item goes back to */

struct SessionMenu {
	char *session;
	GtkWidget *item; /* in the tray's menu */
	GtkWidget *actions[DESKTOP_ACTIONS];
	GtkWidget *back, *back_menu;
	GtkWidget *separator, *end;
	void (*end_session)(const char *session, gpointer user_data);
	gpointer user_data;
};

static void on_action(GtkWidget *item, SessionMenu *menu)
{
	for (gsize i = 0; i < DESKTOP_ACTIONS; i++) {
		if (menu->actions[i] == item)
			desktop_actions[i].act(menu->session);
	}
}

static void on_end(GtkWidget *item, SessionMenu *menu)
{
	menu->end_session(menu->session, menu->user_data);
}

static guint number_of(GtkWidget *item)
{
	return GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(item), NUMBER));
}

static void on_go_back(GtkWidget *item, SessionMenu *menu)
{
	request_rollback(menu->session, number_of(item));
}

/* Going back: one item a save, the newest first. */

static GtkWidget *find_save_item(SessionMenu *menu, guint number)
{
	g_autoptr(GList) items = gtk_container_get_children(GTK_CONTAINER(menu->back_menu));

	for (GList *l = items; l; l = l->next) {
		if (number_of(l->data) == number)
			return l->data;
	}
	return NULL;
}

static GtkWidget *insert_save_item(SessionMenu *menu, guint number, int position)
{
	GtkWidget *item = gtk_menu_item_new();

	g_object_set_data(G_OBJECT(item), NUMBER, GUINT_TO_POINTER(number));
	g_signal_connect(item, "activate", G_CALLBACK(on_go_back), menu);
	gtk_widget_show(item);
	gtk_menu_shell_insert(GTK_MENU_SHELL(menu->back_menu), item, position);
	return item;
}

static void show_save(SessionMenu *menu, const DesktopSave *save, int position)
{
	g_autofree char *moment = words_moment(g_get_real_time(), save->time_us);
	g_autofree char *label =
		g_strdup_printf("%u: %s  %s", save->number, moment, words_reason(save->reason));
	GtkWidget *item = find_save_item(menu, save->number);

	if (!item)
		item = insert_save_item(menu, save->number, position);
	gtk_menu_item_set_label(GTK_MENU_ITEM(item), label);
}

static gboolean is_among(GVariant *saves, gsize first, guint number)
{
	for (gsize i = first; i < desktop_saves_count(saves); i++) {
		if (desktop_saves_get(saves, i).number == number)
			return TRUE;
	}
	return FALSE;
}

static void show_saves(SessionMenu *menu, GVariant *saves)
{
	gsize n = desktop_saves_count(saves), first = n - MIN(n, GO_BACK_MAX);
	g_autoptr(GList) items = gtk_container_get_children(GTK_CONTAINER(menu->back_menu));

	for (GList *l = items; l; l = l->next) {
		if (!is_among(saves, first, number_of(l->data)))
			gtk_widget_destroy(l->data);
	}
	for (gsize i = n; i > first; i--) {
		DesktopSave save = desktop_saves_get(saves, i - 1);

		show_save(menu, &save, (int)(n - i));
	}
	gtk_widget_set_sensitive(menu->back, n > 0);
}

void session_menu_update(SessionMenu *menu, VksBusSession1 *session)
{
	g_autofree char *state = NULL, *label = NULL;
	gboolean runs = desktop_session_runs(session);
	WordsSession words;

	desktop_session_words(session, &words);
	state = words_session(&words, g_get_real_time());
	label = g_strdup_printf("%s: %s", words.name, state);
	gtk_menu_item_set_label(GTK_MENU_ITEM(menu->item), label);
	for (gsize i = 0; i < DESKTOP_ACTIONS; i++)
		gtk_widget_set_visible(menu->actions[i], desktop_actions[i].offered(session));
	show_saves(menu, vks_bus_session1_get_saves(session));
	gtk_widget_set_visible(menu->separator, runs);
	gtk_widget_set_visible(menu->end, runs);
}

static GtkWidget *append(GtkWidget *shell, GtkWidget *item, GCallback activated, SessionMenu *menu)
{
	if (activated)
		g_signal_connect(item, "activate", activated, menu);
	gtk_menu_shell_append(GTK_MENU_SHELL(shell), item);
	return item;
}

static void session_menu_free(gpointer data)
{
	SessionMenu *menu = data;

	g_free(menu->session);
	g_free(menu);
}

SessionMenu *session_menu_new(const char *session,
			      void (*end_session)(const char *session, gpointer),
			      gpointer user_data)
{
	SessionMenu *menu = g_new0(SessionMenu, 1);
	GtkWidget *shell = gtk_menu_new();

	*menu = (SessionMenu){
		.session = g_strdup(session),
		.item = gtk_menu_item_new(),
		.back_menu = gtk_menu_new(),
		.end_session = end_session,
		.user_data = user_data,
	};
	for (gsize i = 0; i < DESKTOP_ACTIONS; i++)
		menu->actions[i] =
			append(shell, gtk_menu_item_new_with_mnemonic(_(desktop_actions[i].label)),
			       G_CALLBACK(on_action), menu);
	menu->back = append(shell, gtk_menu_item_new_with_mnemonic(_("_Go back to…")), NULL, menu);
	gtk_menu_item_set_submenu(GTK_MENU_ITEM(menu->back), menu->back_menu);
	gtk_widget_show(menu->back);
	menu->separator = append(shell, gtk_separator_menu_item_new(), NULL, menu);
	menu->end = append(shell, gtk_menu_item_new_with_mnemonic(_("_End without saving…")),
			   G_CALLBACK(on_end), menu);
	gtk_menu_item_set_submenu(GTK_MENU_ITEM(menu->item), shell);
	gtk_widget_show(menu->item);
	g_object_set_data_full(G_OBJECT(menu->item), "vksession-menu", menu, session_menu_free);
	return menu;
}

GtkWidget *session_menu_item(SessionMenu *menu)
{
	return menu->item;
}

const char *session_menu_name(const SessionMenu *menu)
{
	return menu->session;
}
