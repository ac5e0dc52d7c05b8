/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "logind-watch.h"

#include <string.h>

#include <gio/gunixfdlist.h>

#include "pm-hooks/bus-properties.h"
#include "pm-hooks/login-watch.h"

#define DEFAULT_DELAY_US 5000000 /* logind.conf(5), InhibitDelayMaxSec= */

struct LogindWatch {
	GDBusConnection *connection;
	const struct logind_callbacks *callbacks;
	gpointer data;
	GCancellable *cancellable;
	LoginWatch *logins;
	guint name_id;
	guint prepare_id;
	guint properties_id;
	guint64 delay_us;
};

static void emit(LogindWatch *watch, enum power_event event)
{
	watch->callbacks->event(watch->data, event);
}

static void on_prepare(GDBusConnection *connection, const char *sender, const char *path,
		       const char *interface, const char *signal, GVariant *parameters,
		       gpointer data)
{
	static const struct {
		const char *signal;
		enum power_event begin, end;
	} prepares[] = {
		{ "PrepareForSleep", POWER_SLEEP, POWER_SLEEP_END },
		{ "PrepareForShutdown", POWER_SHUTDOWN, POWER_SHUTDOWN_END },
	};
	gboolean begins;

	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(b)")))
		return;
	g_variant_get(parameters, "(b)", &begins);
	for (gsize i = 0; i < G_N_ELEMENTS(prepares); i++) {
		if (strcmp(signal, prepares[i].signal) == 0)
			emit(data, begins ? prepares[i].begin : prepares[i].end);
	}
}

static void note_lid(LogindWatch *watch, GVariant *properties)
{
	gboolean closed;

	if (g_variant_lookup(properties, "LidClosed", "b", &closed))
		watch->callbacks->lid(watch->data, closed);
}

static void on_properties(GDBusConnection *connection, const char *sender, const char *path,
			  const char *interface, const char *signal, GVariant *parameters,
			  gpointer data)
{
	g_autoptr(GVariant) changed = bus_properties_changed(parameters);

	if (changed)
		note_lid(data, changed);
}

/* What may have been missed while nobody was there to tell or to listen. */
static void note_state(LogindWatch *watch, GVariant *properties)
{
	gboolean sleeping = FALSE, going_down = FALSE;

	g_variant_lookup(properties, "PreparingForSleep", "b", &sleeping);
	g_variant_lookup(properties, "PreparingForShutdown", "b", &going_down);
	g_variant_lookup(properties, "InhibitDelayMaxUSec", "t", &watch->delay_us);
	emit(watch, sleeping ? POWER_SLEEP : POWER_SLEEP_END);
	emit(watch, going_down ? POWER_SHUTDOWN : POWER_SHUTDOWN_END);
}

static void on_state(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) properties = bus_properties_finish(source, result, &error);
	LogindWatch *watch = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (properties)
		note_state(watch, properties);
	emit(watch, POWER_LOGIND_UP); /* without an answer too: the lock may be had all the same */
}

static void on_logout(gpointer data)
{
	emit(data, POWER_LOGOUT);
}

static void on_appeared(GDBusConnection *connection, const char *name, const char *owner,
			gpointer data)
{
	LogindWatch *watch = data;

	g_clear_pointer(&watch->logins, login_watch_free);
	watch->logins = login_watch_new(connection, on_logout, watch);
	bus_properties_ask(connection, owner, LOGIND_PATH, LOGIND_MANAGER, watch->cancellable,
			   on_state, watch);
}

LogindWatch *logind_watch_new(GDBusConnection *connection, const struct logind_callbacks *callbacks,
			      gpointer data)
{
	LogindWatch *watch = g_new0(LogindWatch, 1);

	watch->connection = g_object_ref(connection);
	watch->callbacks = callbacks;
	watch->data = data;
	watch->cancellable = g_cancellable_new();
	watch->delay_us = DEFAULT_DELAY_US;
	watch->prepare_id = g_dbus_connection_signal_subscribe(
		connection, LOGIND, LOGIND_MANAGER, NULL, LOGIND_PATH, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, on_prepare, watch, NULL);
	watch->properties_id = bus_properties_subscribe(connection, LOGIND, LOGIND_PATH,
							LOGIND_MANAGER, on_properties, watch);
	/* elogind may have to be started. */
	watch->name_id = g_bus_watch_name_on_connection(connection, LOGIND,
							G_BUS_NAME_WATCHER_FLAGS_AUTO_START,
							on_appeared, NULL, watch, NULL);
	return watch;
}

void logind_watch_free(LogindWatch *watch)
{
	if (!watch)
		return;
	g_cancellable_cancel(watch->cancellable);
	g_bus_unwatch_name(watch->name_id);
	g_dbus_connection_signal_unsubscribe(watch->connection, watch->prepare_id);
	g_dbus_connection_signal_unsubscribe(watch->connection, watch->properties_id);
	login_watch_free(watch->logins);
	g_object_unref(watch->cancellable);
	g_object_unref(watch->connection);
	g_free(watch);
}

static void on_lock(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GUnixFDList) fds = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish(
		G_DBUS_CONNECTION(source), &fds, result, &error);
	LogindWatch *watch = data;
	gint32 index;
	int fd = -1;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* a lock that was granted meanwhile is closed with the list */
	if (reply) {
		g_variant_get(reply, "(h)", &index);
		if (fds)
			fd = g_unix_fd_list_get(fds, index, &error);
		else
			g_set_error(&error, G_IO_ERROR, G_IO_ERROR_FAILED,
				    "the answer has no lock");
	}
	watch->callbacks->lock(watch->data, fd, error);
}

void logind_watch_take_lock(LogindWatch *watch)
{
	g_dbus_connection_call_with_unix_fd_list(
		watch->connection, LOGIND, LOGIND_PATH, LOGIND_MANAGER, "Inhibit",
		g_variant_new("(ssss)", "shutdown:sleep", "vksession",
			      "saving the programs that run in sessions", "delay"),
		G_VARIANT_TYPE("(h)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, watch->cancellable,
		on_lock, watch);
}

guint64 logind_watch_delay_us(const LogindWatch *watch)
{
	return watch->delay_us;
}
