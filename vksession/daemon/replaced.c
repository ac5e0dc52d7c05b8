/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/replaced.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

/* For the rest of a package: what the new daemon starts should be of its version, too. */
#define SETTLE_MS 2000u
#define UNIT	  "vksessiond.service"

struct Replaced {
	char *path;
	GStatBuf started; /* the file that this process runs */
	GFileMonitor *monitor;
	guint settle_source;
	void (*replaced)(gpointer user_data);
	gpointer user_data;
};

static gboolean is_other(const Replaced *self)
{
	GStatBuf now;

	return access(self->path, X_OK) == 0 && g_stat(self->path, &now) == 0 &&
	       (now.st_ino != self->started.st_ino || now.st_dev != self->started.st_dev ||
		now.st_mtim.tv_sec != self->started.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != self->started.st_mtim.tv_nsec);
}

static gboolean on_settled(gpointer user_data)
{
	Replaced *self = user_data;

	self->settle_source = 0;
	if (is_other(self)) {
		g_clear_object(&self->monitor);
		self->replaced(self->user_data);
	}
	return G_SOURCE_REMOVE;
}

static void on_changed(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
		       gpointer user_data)
{
	Replaced *self = user_data;

	g_clear_handle_id(&self->settle_source, g_source_remove);
	self->settle_source = g_timeout_add(SETTLE_MS, on_settled, self);
}

Replaced *replaced_new(void (*replaced)(gpointer user_data), gpointer user_data)
{
	Replaced *self = g_new0(Replaced, 1);
	g_autoptr(GFile) file = NULL;

	self->replaced = replaced;
	self->user_data = user_data;
	self->path = g_file_read_link("/proc/self/exe", NULL);
	if (!self->path || g_stat(self->path, &self->started) != 0) {
		replaced_free(self);
		return NULL;
	}
	file = g_file_new_for_path(self->path);
	self->monitor = g_file_monitor_file(file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
	if (self->monitor)
		g_signal_connect(self->monitor, "changed", G_CALLBACK(on_changed), self);
	return self;
}

void replaced_free(Replaced *self)
{
	if (!self)
		return;
	g_clear_handle_id(&self->settle_source, g_source_remove);
	g_clear_object(&self->monitor);
	g_free(self->path);
	g_free(self);
}

gboolean replaced_restart_unit(GDBusConnection *connection)
{
	const char *main_process = g_getenv("SYSTEMD_EXEC_PID");
	g_autoptr(GVariant) answer = NULL;

	if (!main_process || atoi(main_process) != getpid())
		return FALSE;
	answer = g_dbus_connection_call_sync(connection, "org.freedesktop.systemd1",
					     "/org/freedesktop/systemd1",
					     "org.freedesktop.systemd1.Manager", "RestartUnit",
					     g_variant_new("(ss)", UNIT, "replace"), NULL,
					     G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL);
	return answer != NULL;
}

void replaced_exec(const Replaced *self, char **argv)
{
	execv(self->path, argv);
}
