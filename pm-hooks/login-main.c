/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <stdio.h>

#include "pm-hooks/event-table.h"
#include "pm-hooks/save-report.h"
#include "pm-hooks/saver.h"

#define POWER_NAME "org.vksession.Power"
#define LOGIN_NAME "org.vksession.Login"

/*
 * Theory of operation
 *
 * Run at each graphical login, by the XDG autostart entry or by a unit of systemd --user; where
 * both are obeyed, the bus name tells the second one that there is nothing to do.
 *
 *   watch    start vksession-pm, which systemd has started already where there is systemd.
 *   restore  ask vksessiond to bring back what was running, on this login's display.
 */
struct login {
	GMainLoop *loop;
	GDBusConnection *bus;
	Saver *saver;
	gboolean failed;
};

static void print_line(gboolean bad, const char *line)
{
	fprintf(bad ? stderr : stdout, "vksession-login: %s\n", line);
}

static void warn(const char *text)
{
	print_line(TRUE, text);
}

static void on_restored(gpointer data, const struct saver_outcome *outcome)
{
	struct login *login = data;

	login->failed = !restore_report(outcome, print_line);
	g_main_loop_quit(login->loop);
}

static void watch(struct login *login)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
		login->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
		"StartServiceByName", g_variant_new("(su)", POWER_NAME, 0), G_VARIANT_TYPE("(u)"),
		G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

	if (!reply) {
		g_dbus_error_strip_remote_error(error);
		fprintf(stderr,
			"vksession-login: vksession-pm can't be started: %s; nothing is saved by "
			"itself before shutdown, sleep and logout\n",
			error->message);
		login->failed = TRUE;
	}
}

static void restore(struct login *login)
{
	g_auto(GStrv) environment = g_get_environ();

	login->saver = saver_new(login->bus);
	saver_restore(login->saver, g_getenv("DISPLAY"), (const char *const *)environment,
		      on_restored, login);
}

static void on_name_acquired(GDBusConnection *connection, const char *name, gpointer data)
{
	struct event_table table;

	event_table_load(&table, warn);
	watch(data);
	if (table.restore)
		restore(data);
	else
		g_main_loop_quit(((struct login *)data)->loop);
}

static void on_name_lost(GDBusConnection *connection, const char *name, gpointer data)
{
	g_main_loop_quit(((struct login *)data)->loop);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	struct login login = { 0 };
	guint name_id;

	setlocale(LC_ALL, "");
	if (argc > 1) {
		fprintf(stderr, "vksession-login: unexpected \"%s\"\n", argv[1]);
		return 2;
	}
	login.bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
	if (!login.bus) {
		fprintf(stderr, "vksession-login: no session bus: %s\n", error->message);
		return 1;
	}
	login.loop = g_main_loop_new(NULL, FALSE);
	name_id = g_bus_own_name_on_connection(login.bus, LOGIN_NAME,
					       G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
					       on_name_acquired, on_name_lost, &login, NULL);
	g_main_loop_run(login.loop);
	g_bus_unown_name(name_id);
	saver_free(login.saver);
	g_main_loop_unref(login.loop);
	g_object_unref(login.bus);
	return login.failed ? 1 : 0;
}
