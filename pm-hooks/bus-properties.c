/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bus-properties.h"

#define DBUS_PROPERTIES "org.freedesktop.DBus.Properties"

void bus_properties_ask(GDBusConnection *connection, const char *name, const char *path,
			const char *interface, GCancellable *cancellable,
			GAsyncReadyCallback answered, gpointer data)
{
	g_dbus_connection_call(connection, name, path, DBUS_PROPERTIES, "GetAll",
			       g_variant_new("(s)", interface), G_VARIANT_TYPE("(a{sv})"),
			       G_DBUS_CALL_FLAGS_NONE, -1, cancellable, answered, data);
}

GVariant *bus_properties_finish(GObject *source, GAsyncResult *result, GError **error)
{
	g_autoptr(GVariant)
		reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, error);

	return reply ? g_variant_get_child_value(reply, 0) : NULL;
}

guint bus_properties_subscribe(GDBusConnection *connection, const char *name, const char *path,
			       const char *interface, GDBusSignalCallback changed, gpointer data)
{
	return g_dbus_connection_signal_subscribe(connection, name, DBUS_PROPERTIES,
						  "PropertiesChanged", path, interface,
						  G_DBUS_SIGNAL_FLAGS_NONE, changed, data, NULL);
}

GVariant *bus_properties_changed(GVariant *parameters)
{
	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
		return NULL;
	return g_variant_get_child_value(parameters, 1);
}
