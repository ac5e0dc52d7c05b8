/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/idle.h"

#include "vksession/daemon/job.h"
#include "vksession/daemon/registry.h"

#define CHECK_S 20u
#define IDLE_US (60 * G_USEC_PER_SEC)

struct Idle {
	Daemon *daemon;
	void (*done)(gpointer user_data);
	gpointer user_data;
	guint filter, source;
	GAsyncQueue *callers;  /* unique names, from the connection's thread */
	GHashTable *clients;   /* unique name -> id of its watch */
	gint64 last_needed_us; /* CLOCK_MONOTONIC */
};

/* The connection's thread: it sees calls that GDBus answers by itself, too. */
static GDBusMessage *on_message(GDBusConnection *connection, GDBusMessage *message,
				gboolean incoming, gpointer user_data)
{
	GAsyncQueue *callers = user_data;
	const char *sender = g_dbus_message_get_sender(message);

	if (incoming && sender && *sender == ':' &&
	    g_dbus_message_get_message_type(message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL)
		g_async_queue_push(callers, g_strdup(sender));
	return message;
}

static void unwatch(gpointer id)
{
	g_bus_unwatch_name(GPOINTER_TO_UINT(id));
}

static void on_vanished(GDBusConnection *connection, const char *name, gpointer user_data)
{
	Idle *idle = user_data;

	g_hash_table_remove(idle->clients, name);
	idle->last_needed_us = g_get_monotonic_time();
}

static void take_callers(Idle *idle)
{
	char *name;

	while ((name = g_async_queue_try_pop(idle->callers))) {
		idle->last_needed_us = g_get_monotonic_time();
		if (g_hash_table_contains(idle->clients, name)) {
			g_free(name);
			continue;
		}
		g_hash_table_insert(
			idle->clients, name,
			GUINT_TO_POINTER(g_bus_watch_name_on_connection(
				idle->daemon->connection, name, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
				on_vanished, idle, NULL)));
	}
}

static gboolean check(gpointer user_data)
{
	Idle *idle = user_data;
	g_autoptr(GPtrArray) running = registry_list_running(idle->daemon->registry);
	gint64 now = g_get_monotonic_time();

	take_callers(idle);
	if (running->len > 0 || jobs_busy(idle->daemon->jobs, NULL) ||
	    g_hash_table_size(idle->clients) > 0)
		idle->last_needed_us = now;
	else if (now - idle->last_needed_us >= IDLE_US)
		idle->done(idle->user_data);
	return G_SOURCE_CONTINUE;
}

Idle *idle_new(Daemon *daemon, void (*done)(gpointer user_data), gpointer user_data)
{
	Idle *idle = g_new0(Idle, 1);

	idle->daemon = daemon;
	idle->done = done;
	idle->user_data = user_data;
	idle->last_needed_us = g_get_monotonic_time();
	idle->callers = g_async_queue_new_full(g_free);
	idle->clients = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unwatch);
	/* It may be running when it is removed, so it has a share of what it needs. */
	idle->filter = g_dbus_connection_add_filter(daemon->connection, on_message,
						    g_async_queue_ref(idle->callers),
						    (GDestroyNotify)g_async_queue_unref);
	idle->source = g_timeout_add_seconds(CHECK_S, check, idle);
	return idle;
}

void idle_free(Idle *idle)
{
	if (!idle)
		return;
	g_dbus_connection_remove_filter(idle->daemon->connection, idle->filter);
	g_clear_handle_id(&idle->source, g_source_remove);
	g_hash_table_unref(idle->clients);
	g_async_queue_unref(idle->callers);
	g_free(idle);
}
