/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vksession-tray: the icon in the tray, notifications, the window. One for each login: a second
 * start asks the first one to show its window.
 */
#include <glib/gi18n.h>
#include <libnotify/notify.h>
#include <locale.h>

#include "desktop/dialogs.h"
#include "desktop/notices.h"
#include "desktop/passphrase.h"
#include "desktop/requests.h"
#include "desktop/sessions.h"
#include "desktop/tray.h"
#include "desktop/window.h"

typedef struct {
	GtkApplication *application;
	DesktopSessions *sessions;
	Notices *notices;
	Tray *tray;
	GtkWidget *window; /* NULL while it is closed */
} Desktop;

static GtkWindow *parent(Desktop *desktop)
{
	return desktop->window ? GTK_WINDOW(desktop->window) : NULL;
}

static void end_session(const char *session, gpointer user_data)
{
	dialog_end_session(parent(user_data), session);
}

static void show_window(gpointer user_data)
{
	Desktop *desktop = user_data;

	if (!desktop->window) {
		desktop->window =
			window_new(desktop->application, desktop->sessions, end_session, desktop);
		g_signal_connect(desktop->window, "destroy", G_CALLBACK(gtk_widget_destroyed),
				 &desktop->window);
	}
	gtk_window_present(GTK_WINDOW(desktop->window));
}

static void show_settings(gpointer user_data)
{
	dialog_settings(parent(user_data));
}

static void show_changes(const char *session, gpointer user_data)
{
	Desktop *desktop = user_data;
	g_autoptr(VksBusSession1) object = desktop_sessions_find(desktop->sessions, session);

	if (object)
		dialog_changes(parent(desktop), object);
}

static void request_failed(const char *message, gpointer user_data)
{
	const Desktop *desktop = user_data;

	notices_failed(message, desktop->notices);
}

static void ask_passphrase(const char *session, const char *why, gpointer user_data)
{
	passphrase_ask(parent(user_data), session, why);
}

static void quit(gpointer user_data)
{
	Desktop *desktop = user_data;

	g_application_quit(G_APPLICATION(desktop->application));
}

static void on_startup(GApplication *application, gpointer user_data)
{
	Desktop *desktop = user_data;
	const TrayRequests tray_requests = {
		.show_window = show_window,
		.show_settings = show_settings,
		.end_session = end_session,
		.quit = quit,
		.user_data = desktop,
	};
	const RequestsAnswerer answerer = {
		.failed = request_failed,
		.ask_passphrase = ask_passphrase,
		.user_data = desktop,
	};

	notify_init("vksession");
	desktop->sessions = desktop_sessions_new();
	desktop->notices = notices_new(desktop->sessions, show_changes, desktop);
	requests_init(desktop->sessions, &answerer);
	desktop->tray = tray_new(desktop->sessions, &tray_requests);
	g_application_hold(application);
}

static int on_command_line(GApplication *application, GApplicationCommandLine *line,
			   gpointer user_data)
{
	GVariantDict *options = g_application_command_line_get_options_dict(line);
	gboolean window = g_variant_dict_contains(options, "window");

	/* A second start without arguments is by a person who misses something. */
	if (window || g_application_command_line_get_is_remote(line))
		show_window(user_data);
	return 0;
}

static void desktop_clear(Desktop *desktop)
{
	tray_free(desktop->tray);
	notices_free(desktop->notices);
	g_clear_object(&desktop->sessions);
	if (notify_is_initted())
		notify_uninit();
}

int main(int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{ "window", 'w', 0, G_OPTION_ARG_NONE, NULL, N_("Show the window"), NULL },
		G_OPTION_ENTRY_NULL,
	};
	Desktop desktop = { 0 };
	int status;

	setlocale(LC_ALL, "");
	bindtextdomain(GETTEXT_PACKAGE, VKSESSION_LOCALEDIR);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	textdomain(GETTEXT_PACKAGE);
	desktop.application =
		gtk_application_new("org.vksession.Tray", G_APPLICATION_HANDLES_COMMAND_LINE);
	g_application_add_main_option_entries(G_APPLICATION(desktop.application), entries);
	g_signal_connect(desktop.application, "startup", G_CALLBACK(on_startup), &desktop);
	g_signal_connect(desktop.application, "command-line", G_CALLBACK(on_command_line),
			 &desktop);
	status = g_application_run(G_APPLICATION(desktop.application), argc, argv);
	desktop_clear(&desktop);
	g_object_unref(desktop.application);
	return status;
}
