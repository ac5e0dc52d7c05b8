/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The service vksession-pm: joins the state machine (power-machine.h) to logind, UPower, the user's
 * service manager and vksessiond.
 */
#pragma once

#include <gio/gio.h>

#include "pm-hooks/event-table.h"

typedef struct PowerService PowerService;

/**
 * Starts to work.
 *
 * @param session_bus  referenced
 * @param table        copied
 * @param ended        called once, from the main loop, when it is time to quit
 * @param data         borrowed; passed to it
 * @return free with power_service_free()
 */
PowerService *power_service_new(GDBusConnection *session_bus, const struct event_table *table,
				void (*ended)(gpointer data), gpointer data);

/** Releases everything, locks too. NULL is fine. */
void power_service_free(PowerService *service);

/**
 * Ends it, after what is being saved. If the user's service manager is about to end, everything is
 * saved before, as the table says for session-end.
 */
void power_service_stop(PowerService *service);

/** @return the reason that a save at an occasion is recorded with (org.vksession.xml, Save) */
const char *power_service_reason(enum power_event occasion);
