/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The daemon: one connection to the bus and what is shown there. It holds no state of sessions that
 * is not in the store or the runtime directory too, so it can end at any time.
 */
#pragma once

#include "vksession/daemon/vksession-bus.h"
#include "vksession/vksession.h"

typedef struct Daemon Daemon;

struct Daemon {
	Vks *vks;			   /* borrowed */
	GDBusConnection *connection;	   /* borrowed */
	GDBusObjectManagerServer *objects; /* /org/vksession */
	VksBusManager1 *manager;
	struct Registry *registry;
	struct Jobs *jobs;
	struct Autosave *autosave;
};

/** Shows all there is on a connection; the name is not asked for here. NULL with a GError. */
Daemon *daemon_new(Vks *vks, GDBusConnection *connection, GError **error);
/** Notes how things stand when the daemon ends because it was told to. */
void daemon_note_end(Daemon *daemon);
/** Waits for work under way. */
void daemon_free(Daemon *daemon);

/** Makes org.vksession.Manager1 with all its methods (manager-bus.c). */
VksBusManager1 *manager_bus_new(Daemon *daemon);
