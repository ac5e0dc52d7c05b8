/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "upower-watch.h"

#include "pm-hooks/bus-properties.h"

#define UPOWER	       "org.freedesktop.UPower"
#define UPOWER_PATH    "/org/freedesktop/UPower"
#define DISPLAY_DEVICE "/org/freedesktop/UPower/devices/DisplayDevice"
#define UPOWER_DEVICE  "org.freedesktop.UPower.Device"

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
	g_autoptr(GVariant) changed = bus_properties_changed(parameters);

	if (changed)
		note_properties(data, changed);
}

static void on_state(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) properties = bus_properties_finish(source, result, NULL);

	if (properties) /* else cancelled, or without such a device: changes are heard of */
		note_properties(data, properties);
}

static void ask(UpowerWatch *watch, const char *path, const char *interface)
{
	bus_properties_ask(watch->connection, UPOWER, path, interface, watch->cancellable, on_state,
			   watch);
}

static void on_appeared(GDBusConnection *connection, const char *name, const char *owner,
			gpointer data)
{
	UpowerWatch *watch = data;

	ask(watch, DISPLAY_DEVICE, UPOWER_DEVICE);
	ask(watch, UPOWER_PATH, UPOWER);
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
	watch->device_id = bus_properties_subscribe(connection, UPOWER, DISPLAY_DEVICE,
						    UPOWER_DEVICE, on_properties, watch);
	watch->lid_id = bus_properties_subscribe(connection, UPOWER, UPOWER_PATH, UPOWER,
						 on_properties, watch);
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
