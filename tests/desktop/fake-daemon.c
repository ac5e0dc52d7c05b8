/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-daemon.h"

#include <gio/gunixfdlist.h>
#include <gio/gunixinputstream.h>

#define AGE_US (G_GINT64_CONSTANT(7200) * G_USEC_PER_SEC)

static void make_session(FakeDaemon *daemon)
{
	g_autoptr(VksBusObjectSkeleton)
		object = vks_bus_object_skeleton_new(FAKE_DAEMON_PATH "/session/work");

	daemon->session = vks_bus_session1_skeleton_new();
	vks_bus_session1_set_name(daemon->session, "work");
	vks_bus_session1_set_state(daemon->session, "running");
	vks_bus_session1_set_last_save_time(daemon->session, (guint64)(g_get_real_time() - AGE_US));
	vks_bus_object_skeleton_set_session1(object, daemon->session);
	g_dbus_object_manager_server_export(daemon->objects, G_DBUS_OBJECT_SKELETON(object));
}

void fake_daemon_own(FakeDaemon *daemon, const char *name)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
		daemon->connection, "org.freedesktop.DBus", "/", "org.freedesktop.DBus",
		"RequestName", g_variant_new("(su)", name, 0), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
		NULL, &error);

	if (!answer)
		g_error("%s: %s", name, error->message);
}

void fake_daemon_start(FakeDaemon *daemon)
{
	g_autoptr(GError) error = NULL;

	daemon->bus = g_test_dbus_new(G_TEST_DBUS_NONE);
	g_test_dbus_up(daemon->bus);
	daemon->connection = g_dbus_connection_new_for_address_sync(
		g_test_dbus_get_bus_address(daemon->bus),
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL, NULL, &error);
	if (!daemon->connection)
		g_error("%s", error->message);
	daemon->objects = g_dbus_object_manager_server_new(FAKE_DAEMON_PATH);
	daemon->manager = vks_bus_manager1_skeleton_new();
	make_session(daemon);
	if (!g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(daemon->manager),
					      daemon->connection, FAKE_DAEMON_PATH, &error))
		g_error("%s", error->message);
	g_dbus_object_manager_server_set_connection(daemon->objects, daemon->connection);
	fake_daemon_own(daemon, "org.vksession");
}

char *fake_daemon_read_passed(GDBusMethodInvocation *invocation)
{
	GDBusMessage *message = g_dbus_method_invocation_get_message(invocation);
	GUnixFDList *fds = g_dbus_message_get_unix_fd_list(message);
	g_autoptr(GInputStream) stream = NULL;
	char text[256] = "";
	gsize length;

	if (!fds)
		return NULL;
	stream = g_unix_input_stream_new(g_unix_fd_list_get(fds, 0, NULL), TRUE);
	g_input_stream_read_all(stream, text, sizeof(text) - 1, &length, NULL, NULL);
	return g_strdup(text);
}

void fake_daemon_stop(FakeDaemon *daemon)
{
	g_object_unref(daemon->objects);
	g_object_unref(daemon->manager);
	g_object_unref(daemon->session);
	g_object_unref(daemon->connection);
	/* Kept: its own end would wait for connections that GTK keeps. */
	g_test_dbus_stop(daemon->bus);
}
