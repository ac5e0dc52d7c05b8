/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file The system bus, also after it was restarted: a connection that is made again. */
#pragma once

#include <gio/gio.h>

typedef struct SystemBus SystemBus;

/** Called with a new connection, and with NULL when it is gone. */
typedef void (*SystemBusChanged)(GDBusConnection *connection, gpointer data);

/**
 * Begins to connect, and connects again whenever the connection is lost, after a second and then
 * after longer and longer times up to half a minute.
 *
 * @param changed  called from the main loop
 * @param data     borrowed; passed to it
 * @return free with system_bus_free()
 */
SystemBus *system_bus_new(SystemBusChanged changed, gpointer data);

/** Ends the connection without a call of `changed`. NULL is fine. */
void system_bus_free(SystemBus *bus);
