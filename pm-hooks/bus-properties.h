/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Properties of other services' objects, for those who watch them: what they are, and what they
 * become. And the names of logind's.
 */
#pragma once

#include <gio/gio.h>

#define LOGIND	       "org.freedesktop.login1"
#define LOGIND_PATH    "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"
#define LOGIND_SESSION "org.freedesktop.login1.Session"

/** Asks for all properties of an object's interface; @p answered calls bus_properties_finish(). */
void bus_properties_ask(GDBusConnection *connection, const char *name, const char *path,
			const char *interface, GCancellable *cancellable,
			GAsyncReadyCallback answered, gpointer data);

/** @return a{sv}; NULL with the error of the call */
GVariant *bus_properties_finish(GObject *source, GAsyncResult *result, GError **error);

/**
 * Hears of changes.
 * @param path  NULL: of all objects
 * @return for g_dbus_connection_signal_unsubscribe()
 */
guint bus_properties_subscribe(GDBusConnection *connection, const char *name, const char *path,
			       const char *interface, GDBusSignalCallback changed, gpointer data);

/** @return a{sv} that such a signal's parameters tell of; NULL if they are not of that kind */
GVariant *bus_properties_changed(GVariant *parameters);
