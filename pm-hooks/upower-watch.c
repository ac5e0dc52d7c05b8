/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "upower-watch.h"

#define UPOWER		"org.freedesktop.UPower"
#define UPOWER_PATH	"/org/freedesktop/UPower"
#define DISPLAY_DEVICE	"/org/freedesktop/UPower/devices/DisplayDevice"
#define UPOWER_DEVICE	"org.freedesktop.UPower.Device"
#define DBUS_PROPERTIES "org.freedesktop.DBus.Properties"

struct UpowerWatch {
	GDBusConnection *connection;
	const struct upower_callbacks *callbacks;
	gpointer data;
	GCancellable *cancellable;
	guint name_id;
	guint device_id;
	guint lid_id;
	guint32 level;
};

/* UpDeviceLevel */
enum {
	LEVEL_NONE = 1,
	LEVEL_LOW = 3,
	LEVEL_CRITICAL = 4,
	LEVEL_ACTION = 5,
};

static void note_properties(UpowerWatch *watch, GVariant *properties)
{
	static const enum power_event events[] = {
		[LEVEL_LOW] = POWER_BATTERY_LOW,
		[LEVEL_CRITICAL] = POWER_BATTERY_CRITICAL,
		[LEVEL_ACTION] = POWER_BATTERY_ACTION,
	};
	guint32 level, before = watch->level;
	gboolean closed;

	if (g_variant_lookup(properties, "LidIsClosed", "b", &closed))
		watch->callbacks->lid(watch->data, closed);
	if (!g_variant_lookup(properties, "WarningLevel", "u", &level))
		return;
	watch->level = level;
	if (level > before && level >= LEVEL_LOW && level <= LEVEL_ACTION)
		watch->callbacks->event(watch->data, events[level]);
}

static void on_properties(GDBusConnection *connection, const char *sender, const char *path,
			  const char *interface, const char *signal, GVariant *parameters,
			  gpointer data)
{
	g_autoptr(GVariant) changed = NULL;

	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
		return;
	changed = g_variant_get_child_value(parameters, 1);
	note_properties(data, changed);
}

static void on_state(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant)
		reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	g_autoptr(GVariant) properties = NULL;

	if (!reply)
		return; /* cancelled, or without such a device: changes are heard of */
	properties = g_variant_get_child_value(reply, 0);
	note_properties(data, properties);
}

static void ask(UpowerWatch *watch, const char *path, const char *interface)
{
	g_dbus_connection_call(watch->connection, UPOWER, path, DBUS_PROPERTIES, "GetAll",
			       g_variant_new("(s)", interface), G_VARIANT_TYPE("(a{sv})"),
			       G_DBUS_CALL_FLAGS_NONE, -1, watch->cancellable, on_state, watch);
}

static void on_appeared(GDBusConnection *connection, const char *name, const char *owner,
			gpointer data)
{
	UpowerWatch *watch = data;

	ask(watch, DISPLAY_DEVICE, UPOWER_DEVICE);
	ask(watch, UPOWER_PATH, UPOWER);
}

static guint subscribe(UpowerWatch *watch, const char *path, const char *interface)
{
	return g_dbus_connection_signal_subscribe(
		watch->connection, UPOWER, DBUS_PROPERTIES, "PropertiesChanged", path, interface,
		G_DBUS_SIGNAL_FLAGS_NONE, on_properties, watch, NULL);
}

UpowerWatch *upower_watch_new(GDBusConnection *connection, const struct upower_callbacks *callbacks,
			      gpointer data)
{
	UpowerWatch *watch = g_new0(UpowerWatch, 1);

	watch->connection = g_object_ref(connection);
	watch->callbacks = callbacks;
	watch->data = data;
	watch->cancellable = g_cancellable_new();
	watch->level = LEVEL_NONE;
	watch->device_id = subscribe(watch, DISPLAY_DEVICE, UPOWER_DEVICE);
	watch->lid_id = subscribe(watch, UPOWER_PATH, UPOWER);
	watch->name_id = g_bus_watch_name_on_connection(connection, UPOWER,
							G_BUS_NAME_WATCHER_FLAGS_AUTO_START,
							on_appeared, NULL, watch, NULL);
	return watch;
}

void upower_watch_free(UpowerWatch *watch)
{
	if (!watch)
		return;
	g_cancellable_cancel(watch->cancellable);
	g_bus_unwatch_name(watch->name_id);
	g_dbus_connection_signal_unsubscribe(watch->connection, watch->device_id);
	g_dbus_connection_signal_unsubscribe(watch->connection, watch->lid_id);
	g_object_unref(watch->cancellable);
	g_object_unref(watch->connection);
	g_free(watch);
}
