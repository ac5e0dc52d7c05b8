/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file One event that something else has noticed, such as a hook of acpid. */
#pragma once

#include <gio/gio.h>

#include "pm-hooks/event-table.h"

/**
 * Does what the table says for an event, waits for it, and prints what became of it.
 *
 * @param name  of the event, as in power.conf
 * @return exit status: 0 all is safe, 1 something is not, 2 there is no such event
 */
int one_event(GDBusConnection *session_bus, const struct event_table *table, const char *name);
