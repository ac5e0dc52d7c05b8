/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service-manager.h"

#include <string.h>

#define SYSTEMD	     "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define ANSWER_MS    2000

struct inquiry {
	void (*answer)(gpointer data, gboolean stopping);
	gpointer data;
};

static void on_state(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autofree struct inquiry *inquiry = data;
	g_autoptr(GVariant)
		reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);
	g_autoptr(GVariant) state = NULL;

	if (reply)
		g_variant_get(reply, "(v)", &state);
	inquiry->answer(inquiry->data,
			state && g_variant_is_of_type(state, G_VARIANT_TYPE_STRING) &&
				strcmp(g_variant_get_string(state, NULL), "stopping") == 0);
}

void service_manager_ask_stopping(GDBusConnection *session_bus,
				  void (*answer)(gpointer data, gboolean stopping), gpointer data)
{
	struct inquiry *inquiry = g_new(struct inquiry, 1);

	*inquiry = (struct inquiry){ .answer = answer, .data = data };
	g_dbus_connection_call(
		session_bus, SYSTEMD, SYSTEMD_PATH, "org.freedesktop.DBus.Properties", "Get",
		g_variant_new("(ss)", "org.freedesktop.systemd1.Manager", "SystemState"),
		G_VARIANT_TYPE("(v)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, ANSWER_MS, NULL, on_state,
		inquiry);
}
