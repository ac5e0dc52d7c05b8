/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/tray.h"

#include <glib/gi18n.h>
#include <libayatana-appindicator/app-indicator.h>

#include "desktop/actions.h"
#include "desktop/requests.h"
#include "desktop/words.h"

#define REFRESH_S   60 /* "5 minutes ago" grows old by itself */
#define GO_BACK_MAX 12

/*
 * Theory of operation
 *
 * refresh()      on every change and once a minute: the icon, and the menu in one of two ways.
 * build_menu()   when what is in the menu changed: sessions, what can be done with them, saves.
 *                A panel closes an open menu then, so this is not done for less.
 * update_menu()  else: new words for the items that are there.
 */
struct Tray {
	DesktopSessions *sessions; /* borrowed */
	TrayRequests requests;
	AppIndicator *indicator;
	guint timer;
	char *structure;       /* of the menu that is shown */
	GtkWidget *summary;    /* its first item */
	GPtrArray *menu_items; /* its items of sessions, in the order of the list */
};

static void append(GtkWidget *menu, GtkWidget *item)
{
	gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
}

static GtkWidget *add_item(GtkWidget *menu, const char *label, GCallback activated, gpointer data)
{
	GtkWidget *item = gtk_menu_item_new_with_mnemonic(label);

	if (activated)
		g_signal_connect(item, "activate", activated, data);
	else
		gtk_widget_set_sensitive(item, FALSE);
	append(menu, item);
	return item;
}

/* The menu of a session. Every entry of it knows the session's name. */

#define SESSION "vksession-name"
#define NUMBER	"vksession-number"

static const char *session_of(GtkWidget *item)
{
	return g_object_get_data(G_OBJECT(item), SESSION);
}

static void on_action(GtkWidget *item, const DesktopAction *action)
{
	action->act(session_of(item));
}

static void on_end(GtkWidget *item, Tray *tray)
{
	tray->requests.end_session(session_of(item), tray->requests.user_data);
}

static void on_roll_back(GtkWidget *item, Tray *tray)
{
	request_rollback(session_of(item),
			 GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(item), NUMBER)));
}

static GtkWidget *add_session_item(GtkWidget *menu, const char *session, const char *label,
				   GCallback activated, gconstpointer data)
{
	GtkWidget *item = add_item(menu, label, activated, (gpointer)data);

	g_object_set_data_full(G_OBJECT(item), SESSION, g_strdup(session), g_free);
	return item;
}

/* The newest first; a menu is no archive, the window shows all. */
static GtkWidget *go_back_menu(Tray *tray, VksBusSession1 *session)
{
	GVariant *saves = vks_bus_session1_get_saves(session);
	gsize n = saves ? g_variant_n_children(saves) : 0;
	gint64 now = g_get_real_time();
	GtkWidget *menu = gtk_menu_new();

	for (gsize i = 0; i < n && i < GO_BACK_MAX; i++) {
		g_autofree char *moment = NULL, *label = NULL;
		const char *reason;
		guint64 time, bytes;
		guint number;
		GtkWidget *item;

		g_variant_get_child(saves, n - 1 - i, "(utt&s@a{sv})", &number, &time, &bytes,
				    &reason, NULL);
		moment = words_moment(now, (gint64)time);
		label = g_strdup_printf("%u: %s  %s", number, moment, words_reason(reason));
		item = add_session_item(menu, vks_bus_session1_get_name(session), label,
					G_CALLBACK(on_roll_back), tray);
		gtk_menu_item_set_use_underline(GTK_MENU_ITEM(item), FALSE);
		g_object_set_data(G_OBJECT(item), NUMBER, GUINT_TO_POINTER(number));
	}
	return menu;
}

static GtkWidget *session_menu(Tray *tray, VksBusSession1 *session)
{
	const char *name = vks_bus_session1_get_name(session);
	GtkWidget *menu = gtk_menu_new(), *back;

	for (gsize i = 0; i < DESKTOP_ACTIONS; i++) {
		if (desktop_actions[i].offered(session))
			add_session_item(menu, name, _(desktop_actions[i].label),
					 G_CALLBACK(on_action), &desktop_actions[i]);
	}
	if (vks_bus_session1_get_last_save(session) > 0) {
		back = add_item(menu, _("_Go back to…"), NULL, NULL);
		gtk_widget_set_sensitive(back, TRUE);
		gtk_menu_item_set_submenu(GTK_MENU_ITEM(back), go_back_menu(tray, session));
	}
	if (desktop_session_runs(session)) {
		append(menu, gtk_separator_menu_item_new());
		add_session_item(menu, name, _("_End without saving…"), G_CALLBACK(on_end), tray);
	}
	return menu;
}

/* The menu of all */

static void on_save_all(GtkWidget *item, Tray *tray)
{
	request_save_all();
}

static void on_window(GtkWidget *item, Tray *tray)
{
	tray->requests.show_window(tray->requests.user_data);
}

static void on_settings(GtkWidget *item, Tray *tray)
{
	tray->requests.show_settings(tray->requests.user_data);
}

static void on_quit(GtkWidget *item, Tray *tray)
{
	tray->requests.quit(tray->requests.user_data);
}

static void add_sessions(Tray *tray, GtkWidget *menu, GPtrArray *list)
{
	for (guint i = 0; i < list->len; i++) {
		GtkWidget *item = gtk_menu_item_new();

		gtk_menu_item_set_submenu(GTK_MENU_ITEM(item), session_menu(tray, list->pdata[i]));
		append(menu, item);
		g_ptr_array_add(tray->menu_items, item);
	}
}

static void build_menu(Tray *tray, GPtrArray *list)
{
	GtkWidget *menu = gtk_menu_new(), *save_all;

	g_ptr_array_set_size(tray->menu_items, 0);
	tray->summary = gtk_menu_item_new();
	gtk_widget_set_sensitive(tray->summary, FALSE);
	append(menu, tray->summary);
	append(menu, gtk_separator_menu_item_new());
	add_sessions(tray, menu, list);
	if (list->len > 0)
		append(menu, gtk_separator_menu_item_new());
	save_all = add_item(menu, _("Save _all"), G_CALLBACK(on_save_all), tray);
	gtk_widget_set_sensitive(save_all, list->len > 0);
	add_item(menu, _("Sessions and their sa_ves…"), G_CALLBACK(on_window), tray);
	add_item(menu, _("S_ettings…"), G_CALLBACK(on_settings), tray);
	append(menu, gtk_separator_menu_item_new());
	add_item(menu, _("_Quit"), G_CALLBACK(on_quit), tray);
	gtk_widget_show_all(menu);
	app_indicator_set_menu(tray->indicator, GTK_MENU(menu));
}

static void update_menu(Tray *tray, const WordsSession *words, const char *summary)
{
	gint64 now = g_get_real_time();

	gtk_menu_item_set_label(GTK_MENU_ITEM(tray->summary), summary);
	for (guint i = 0; i < tray->menu_items->len; i++) {
		g_autofree char *state = words_session(&words[i], now);
		g_autofree char *label = g_strdup_printf("%s: %s", words[i].name, state);

		gtk_menu_item_set_label(tray->menu_items->pdata[i], label);
	}
}

/* What build_menu() depends on, as a string: not the sizes of saves, they change by themselves. */
static char *menu_structure(GPtrArray *list)
{
	GString *structure = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++) {
		VksBusSession1 *session = list->pdata[i];
		GVariant *saves = vks_bus_session1_get_saves(session);
		gsize n = saves ? g_variant_n_children(saves) : 0;

		g_string_append_printf(structure, "%s", vks_bus_session1_get_name(session));
		for (gsize j = 0; j < n; j++) {
			guint number;

			g_variant_get_child(saves, j, "(utts@a{sv})", &number, NULL, NULL, NULL,
					    NULL);
			g_string_append_printf(structure, " %u", number);
		}
		for (gsize j = 0; j < DESKTOP_ACTIONS; j++)
			g_string_append(structure,
					desktop_actions[j].offered(session) ? " yes" : " no");
	}
	return g_string_free(structure, FALSE);
}

static void show_state(Tray *tray, Overall overall, const char *summary)
{
	g_autofree char *icon = g_strdup_printf("%s-symbolic", words_icon(overall));

	if (overall == OVERALL_PROBLEM)
		app_indicator_set_attention_icon_full(tray->indicator, icon, summary);
	else
		app_indicator_set_icon_full(tray->indicator, icon, summary);
	app_indicator_set_title(tray->indicator, summary);
	app_indicator_set_status(tray->indicator, overall == OVERALL_PROBLEM
							  ? APP_INDICATOR_STATUS_ATTENTION
							  : APP_INDICATOR_STATUS_ACTIVE);
}

static void refresh(Tray *tray)
{
	g_autoptr(GPtrArray) list = desktop_sessions_list(tray->sessions);
	g_autofree WordsSession *words = g_new0(WordsSession, list->len + 1);
	g_autofree char *summary = NULL, *structure = NULL;
	Overall overall = OVERALL_NONE;

	for (guint i = 0; i < list->len; i++) {
		desktop_session_words(list->pdata[i], &words[i]);
		overall = MAX(overall, words_overall(&words[i], g_get_real_time()));
	}
	summary = desktop_sessions_available(tray->sessions)
			  ? words_all(words, list->len, g_get_real_time())
			  : g_strdup(_("The vksession daemon is not running"));
	show_state(tray, overall, summary);
	structure = menu_structure(list);
	if (g_strcmp0(structure, tray->structure) != 0) {
		build_menu(tray, list);
		g_free(tray->structure);
		tray->structure = g_steal_pointer(&structure);
	}
	update_menu(tray, words, summary);
}

static gboolean on_timer(gpointer user_data)
{
	refresh(user_data);
	return G_SOURCE_CONTINUE;
}

Tray *tray_new(DesktopSessions *sessions, const TrayRequests *requests)
{
	Tray *tray = g_new0(Tray, 1);

	tray->sessions = sessions;
	tray->requests = *requests;
	tray->indicator = app_indicator_new("vksession", "vksession-idle-symbolic",
					    APP_INDICATOR_CATEGORY_SYSTEM_SERVICES);
	tray->menu_items = g_ptr_array_new();
	refresh(tray);
	g_signal_connect_swapped(sessions, "changed", G_CALLBACK(refresh), tray);
	tray->timer = g_timeout_add_seconds(REFRESH_S, on_timer, tray);
	return tray;
}

void tray_free(Tray *tray)
{
	if (!tray)
		return;
	g_signal_handlers_disconnect_by_data(tray->sessions, tray);
	g_source_remove(tray->timer);
	g_object_unref(tray->indicator);
	g_ptr_array_unref(tray->menu_items);
	g_free(tray->structure);
	g_free(tray);
}
