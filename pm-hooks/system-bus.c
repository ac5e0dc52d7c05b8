/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system-bus.h"

#define RETRY_FIRST_MS 1000
#define RETRY_LAST_MS  30000

struct SystemBus {
	SystemBusChanged changed;
	gpointer data;
	GCancellable *cancellable;
	GDBusConnection *connection;
	gulong closed_id;
	guint retry_id;
	guint retry_ms;
};

static void begin_to_connect(SystemBus *bus);

static gboolean on_retry(gpointer data)
{
	SystemBus *bus = data;

	bus->retry_id = 0;
	begin_to_connect(bus);
	return G_SOURCE_REMOVE;
}

static void retry_later(SystemBus *bus)
{
	bus->retry_id = g_timeout_add(bus->retry_ms, on_retry, bus);
	bus->retry_ms = MIN(bus->retry_ms * 2, RETRY_LAST_MS);
}

static void drop_connection(SystemBus *bus)
{
	if (!bus->connection)
		return;
	g_signal_handler_disconnect(bus->connection, bus->closed_id);
	g_clear_object(&bus->connection);
}

static void on_closed(GDBusConnection *connection, gboolean by_peer, GError *error, gpointer data)
{
	SystemBus *bus = data;

	drop_connection(bus);
	bus->changed(NULL, bus->data);
	retry_later(bus);
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GDBusConnection *connection = g_dbus_connection_new_for_address_finish(result, &error);
	SystemBus *bus = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* the bus object is gone */
	if (!connection) {
		retry_later(bus);
		return;
	}
	bus->connection = connection;
	bus->retry_ms = RETRY_FIRST_MS;
	bus->closed_id = g_signal_connect(connection, "closed", G_CALLBACK(on_closed), bus);
	bus->changed(connection, bus->data);
}

static void begin_to_connect(SystemBus *bus)
{
	g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);

	if (!address) {
		retry_later(bus);
		return;
	}
	/* Not the shared connection of g_bus_get(): that one is not made again in time. */
	g_dbus_connection_new_for_address(address,
					  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
						  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
					  NULL, bus->cancellable, on_connected, bus);
}

SystemBus *system_bus_new(SystemBusChanged changed, gpointer data)
{
	SystemBus *bus = g_new0(SystemBus, 1);

	bus->changed = changed;
	bus->data = data;
	bus->cancellable = g_cancellable_new();
	bus->retry_ms = RETRY_FIRST_MS;
	begin_to_connect(bus);
	return bus;
}

void system_bus_free(SystemBus *bus)
{
	if (!bus)
		return;
	g_cancellable_cancel(bus->cancellable);
	g_clear_handle_id(&bus->retry_id, g_source_remove);
	drop_connection(bus);
	g_object_unref(bus->cancellable);
	g_free(bus);
}
