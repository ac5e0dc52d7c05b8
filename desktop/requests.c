/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/requests.h"

#include <glib/gi18n.h>

static struct {
	DesktopSessions *sessions; /* borrowed */
	void (*failed)(const char *message, gpointer user_data);
	gpointer user_data;
} requests;

void requests_init(DesktopSessions *sessions, void (*failed)(const char *message, gpointer),
		   gpointer user_data)
{
	requests.sessions = sessions;
	requests.failed = failed;
	requests.user_data = user_data;
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);

	if (answer)
		return;
	g_dbus_error_strip_remote_error(error);
	requests.failed(error->message, requests.user_data);
}

/* Calls a method of the manager. Takes over floating parameters. */
static void ask(const char *method, GVariant *parameters)
{
	VkBusManager1 *manager = desktop_sessions_manager(requests.sessions);

	if (!manager) {
		g_variant_unref(g_variant_ref_sink(parameters));
		requests.failed(_("The vksession daemon does not answer"), requests.user_data);
		return;
	}
	g_dbus_proxy_call(G_DBUS_PROXY(manager), method, parameters, G_DBUS_CALL_FLAGS_NONE, -1,
			  NULL, on_answer, NULL);
}

static const char *display(void)
{
	const char *name = g_getenv("DISPLAY");

	return name ? name : "";
}

/* Options with one entry, floating. */
static GVariant *option(const char *key, GVariant *value)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert_value(&dict, key, value);
	return g_variant_dict_end(&dict);
}

void request_save(const char *session, gboolean stop)
{
	ask("Save",
	    g_variant_new("(s@a{sv})", session, option("stop", g_variant_new_boolean(stop))));
}

void request_save_all(void)
{
	ask("SaveAll", g_variant_new("(@a{sv})", option("reason", g_variant_new_string("manual"))));
}

void request_thaw(const char *session)
{
	ask("Thaw", g_variant_new("(s@a{sv})", session,
				  option("display", g_variant_new_string(display()))));
}

void request_rollback(const char *session, guint number)
{
	ask("Rollback", g_variant_new("(su)", session, number));
}

void request_stop(const char *session)
{
	ask("Stop", g_variant_new("(s)", session));
}

void request_attach(const char *session)
{
	ask("Attach", g_variant_new("(ss)", session, display()));
}

void request_detach(const char *session)
{
	ask("Detach", g_variant_new("(s)", session));
}

void request_drop(const char *session, guint number)
{
	ask("Drop", g_variant_new("(su)", session, number));
}

void request_restore_policy(VkBusSession1 *session, const char *restore)
{
	g_dbus_proxy_call(G_DBUS_PROXY(session), "org.freedesktop.DBus.Properties.Set",
			  g_variant_new("(ssv)", "org.vksession.Session1", "Restore",
					g_variant_new_string(restore)),
			  G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_answer, NULL);
}
