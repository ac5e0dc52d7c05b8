/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/tray.h"

#include <glib/gi18n.h>
#include <libayatana-appindicator/app-indicator.h>

#include "desktop/requests.h"
#include "desktop/session-menu.h"
#include "desktop/words.h"

#define REFRESH_S     60 /* "5 minutes ago" grows old by itself */
#define FIRST_SESSION 2	 /* its place in the menu: after the summary and a separator */

/*
 * Theory of operation
 *
 * The menu is made once. refresh(), on every change and once a minute, changes it in place: words,
 * what is offered, items of sessions that came or went. So it can stay open on a panel meanwhile.
 */
struct Tray {
	DesktopSessions *sessions; /* borrowed */
	TrayRequests requests;
	AppIndicator *indicator;
	guint timer;
	GtkWidget *menu, *summary, *save_all, *separator;
	GPtrArray *session_menus; /* of SessionMenu, in the order of the list */
};

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

static GtkWidget *add_item(Tray *tray, const char *label, void (*activated)(GtkWidget *, Tray *))
{
	GtkWidget *item = label ? gtk_menu_item_new_with_mnemonic(label)
				: gtk_separator_menu_item_new();

	if (activated)
		g_signal_connect(item, "activate", G_CALLBACK(activated), tray);
	gtk_menu_shell_append(GTK_MENU_SHELL(tray->menu), item);
	return item;
}

static void make_menu(Tray *tray)
{
	tray->menu = gtk_menu_new();
	tray->summary = add_item(tray, "", NULL);
	gtk_widget_set_sensitive(tray->summary, FALSE);
	add_item(tray, NULL, NULL);
	tray->separator = add_item(tray, NULL, NULL);
	tray->save_all = add_item(tray, _("Save _all"), on_save_all);
	add_item(tray, _("Sessions and their sa_ves…"), on_window);
	add_item(tray, _("S_ettings…"), on_settings);
	add_item(tray, NULL, NULL);
	add_item(tray, _("_Quit"), on_quit);
	gtk_widget_show_all(tray->menu);
	app_indicator_set_menu(tray->indicator, GTK_MENU(tray->menu));
}

/* Both lists are sorted by name. */
static void update_sessions(Tray *tray, GPtrArray *list)
{
	for (guint i = 0; i < list->len; i++) {
		const char *name = vks_bus_session1_get_name(list->pdata[i]);
		SessionMenu *menu = NULL;

		while (i < tray->session_menus->len) {
			menu = tray->session_menus->pdata[i];
			if (g_utf8_collate(session_menu_name(menu), name) >= 0)
				break;
			gtk_widget_destroy(session_menu_item(menu));
			g_ptr_array_remove_index(tray->session_menus, i);
		}
		if (i == tray->session_menus->len ||
		    g_strcmp0(session_menu_name(menu), name) != 0) {
			menu = session_menu_new(name, tray->requests.end_session,
						tray->requests.user_data);
			g_ptr_array_insert(tray->session_menus, (int)i, menu);
			gtk_menu_shell_insert(GTK_MENU_SHELL(tray->menu), session_menu_item(menu),
					      FIRST_SESSION + (int)i);
		}
		session_menu_update(menu, list->pdata[i]);
	}
	while (tray->session_menus->len > list->len)
		gtk_widget_destroy(
			session_menu_item(g_ptr_array_steal_index(tray->session_menus, list->len)));
	gtk_widget_set_visible(tray->separator, list->len > 0);
	gtk_widget_set_sensitive(tray->save_all, list->len > 0);
}

/*
 * A panel gives symbolic icons the colour of its text. A tray of the old kind does not tell of its
 * colours, and GTK would draw them black there, which can't be seen on a black one.
 */
static char *icon_name(Tray *tray, Overall overall)
{
	gboolean panel;

	g_object_get(tray->indicator, "connected", &panel, NULL);
	return g_strconcat(words_icon(overall), panel ? "-symbolic" : NULL, NULL);
}

static void show_state(Tray *tray, Overall overall, const char *summary)
{
	g_autofree char *icon = icon_name(tray, overall);

	if (overall == OVERALL_PROBLEM)
		app_indicator_set_attention_icon_full(tray->indicator, icon, summary);
	else
		app_indicator_set_icon_full(tray->indicator, icon, summary);
	app_indicator_set_title(tray->indicator, summary);
	app_indicator_set_status(tray->indicator, overall == OVERALL_PROBLEM
							  ? APP_INDICATOR_STATUS_ATTENTION
							  : APP_INDICATOR_STATUS_ACTIVE);
	gtk_menu_item_set_label(GTK_MENU_ITEM(tray->summary), summary);
}

static void refresh(Tray *tray)
{
	g_autoptr(GPtrArray) list = desktop_sessions_list(tray->sessions);
	g_autofree WordsSession *words = g_new0(WordsSession, list->len + 1);
	g_autofree char *summary = NULL;
	Overall overall = OVERALL_NONE;

	for (guint i = 0; i < list->len; i++) {
		desktop_session_words(list->pdata[i], &words[i]);
		overall = MAX(overall, words_overall(&words[i], g_get_real_time()));
	}
	summary = desktop_sessions_available(tray->sessions)
			  ? words_all(words, list->len, g_get_real_time())
			  : g_strdup(_("The vksession daemon is not running"));
	show_state(tray, overall, summary);
	update_sessions(tray, list);
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
	tray->session_menus = g_ptr_array_new();
	make_menu(tray);
	refresh(tray);
	g_signal_connect_swapped(sessions, "changed", G_CALLBACK(refresh), tray);
	g_signal_connect_swapped(tray->indicator, APP_INDICATOR_SIGNAL_CONNECTION_CHANGED,
				 G_CALLBACK(refresh), tray);
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
	g_ptr_array_unref(tray->session_menus);
	g_free(tray);
}
