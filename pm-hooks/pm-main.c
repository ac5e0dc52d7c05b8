/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <glib-unix.h>

#include "pm-hooks/one-event.h"
#include "pm-hooks/power-service.h"

#define BUS_NAME "org.vksession.Power"

struct pm {
	GMainLoop *loop;
	GDBusConnection *bus;
	struct event_table table;
	PowerService *service;
	int status;
};

static struct {
	char *event;
	gboolean version;
} options;

static const GOptionEntry entries[] = {
	{ "event", 0, 0, G_OPTION_ARG_STRING, &options.event,
	  "Do what is configured for EVENT, wait for it, and exit", "EVENT" },
	{ "version", 0, 0, G_OPTION_ARG_NONE, &options.version, "Print the version", NULL },
	G_OPTION_ENTRY_NULL,
};

static void on_ended(gpointer data)
{
	g_main_loop_quit(((struct pm *)data)->loop);
}

static gboolean on_signal(gpointer data)
{
	struct pm *pm = data;

	if (pm->service)
		power_service_stop(pm->service);
	else
		on_ended(pm);
	return G_SOURCE_CONTINUE;
}

static void on_name_acquired(GDBusConnection *connection, const char *name, gpointer data)
{
	struct pm *pm = data;

	if (!pm->service)
		pm->service = power_service_new(connection, &pm->table, on_ended, pm);
}

static void on_name_lost(GDBusConnection *connection, const char *name, gpointer data)
{
	struct pm *pm = data;

	if (!pm->service)
		g_message("it runs already for this login");
	on_ended(pm);
}

static void on_bus_closed(GDBusConnection *connection, gboolean by_peer, GError *error,
			  gpointer data)
{
	struct pm *pm = data;

	g_warning("the session bus is gone");
	pm->status = 1;
	on_ended(pm);
}

static void warn(const char *text)
{
	g_warning("%s", text);
}

static void serve(struct pm *pm)
{
	guint name_id = g_bus_own_name_on_connection(pm->bus, BUS_NAME,
						     G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
						     on_name_acquired, on_name_lost, pm, NULL);
	guint signal_ids[] = { g_unix_signal_add(SIGTERM, on_signal, pm),
			       g_unix_signal_add(SIGINT, on_signal, pm) };

	g_dbus_connection_set_exit_on_close(pm->bus, FALSE);
	g_signal_connect(pm->bus, "closed", G_CALLBACK(on_bus_closed), pm);
	g_main_loop_run(pm->loop);
	g_signal_handlers_disconnect_by_data(pm->bus, pm);
	for (gsize i = 0; i < G_N_ELEMENTS(signal_ids); i++)
		g_source_remove(signal_ids[i]);
	power_service_free(pm->service);
	g_bus_unown_name(name_id);
}

static gboolean parse(int *argc, char ***argv, GError **error)
{
	g_autoptr(GOptionContext)
		context = g_option_context_new("- save sessions before shutdown, sleep and logout");

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc == 1)
		return TRUE;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unexpected \"%s\"", (*argv)[1]);
	return FALSE;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	struct pm pm = { 0 };

	setlocale(LC_ALL, "");
	if (!parse(&argc, &argv, &error)) {
		fprintf(stderr, "vksession-pm: %s\n", error->message);
		return 2;
	}
	if (options.version) {
		puts("vksession-pm " VKSESSION_VERSION);
		return 0;
	}
	event_table_load(&pm.table, warn);
	pm.bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
	if (!pm.bus) {
		fprintf(stderr, "vksession-pm: no session bus: %s\n", error->message);
		return 1;
	}
	pm.loop = g_main_loop_new(NULL, FALSE);
	if (options.event)
		pm.status = one_event(pm.bus, &pm.table, options.event);
	else
		serve(&pm);
	g_main_loop_unref(pm.loop);
	g_object_unref(pm.bus);
	return pm.status;
}
