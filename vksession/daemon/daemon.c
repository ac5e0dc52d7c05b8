/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/daemon.h"

#include "vksession/daemon/autosave.h"
#include "vksession/daemon/bus.h"
#include "vksession/daemon/job.h"
#include "vksession/daemon/lifetime.h"
#include "vksession/daemon/registry.h"

Daemon *daemon_new(Vks *vks, GDBusConnection *connection, GError **error)
{
	Daemon *daemon = g_new0(Daemon, 1);

	vks_bus_register_errors();
	daemon->vks = vks;
	daemon->connection = connection;
	daemon->objects = g_dbus_object_manager_server_new(VKS_BUS_PATH);
	daemon->manager = manager_bus_new(daemon);
	vks_bus_manager1_set_last_shutdown(daemon->manager, lifetime_begin(vks));
	daemon->jobs = jobs_new(daemon);
	daemon->registry = registry_new(daemon, error);
	if (!daemon->registry ||
	    !g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(daemon->manager),
					      connection, VKS_BUS_PATH, error)) {
		daemon_free(daemon);
		return NULL;
	}
	g_dbus_object_manager_server_set_connection(daemon->objects, connection);
	daemon->autosave = autosave_new(daemon);
	return daemon;
}

void daemon_note_end(Daemon *daemon)
{
	g_autoptr(GPtrArray) running = registry_list_running(daemon->registry);

	if (running->len == 0)
		lifetime_note(daemon->vks, TRUE);
}

void daemon_free(Daemon *daemon)
{
	if (!daemon)
		return;
	autosave_free(daemon->autosave);
	jobs_free(daemon->jobs);
	registry_free(daemon->registry);
	g_dbus_interface_skeleton_unexport(G_DBUS_INTERFACE_SKELETON(daemon->manager));
	g_object_unref(daemon->manager);
	g_object_unref(daemon->objects);
	g_free(daemon);
}
