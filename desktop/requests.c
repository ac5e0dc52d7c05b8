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

/* The daemon to ask; if there is none, that is said and NULL returned. */
static VksBusManager1 *manager(void)
{
	VksBusManager1 *found = desktop_sessions_manager(requests.sessions);

	if (!found)
		requests.failed(_("The vksession daemon does not answer"), requests.user_data);
	return found;
}

/* Options with one entry, floating. */
static GVariant *option(const char *key, GVariant *value)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert_value(&dict, key, value);
	return g_variant_dict_end(&dict);
}

/* Options that have windows shown on this desktop, floating. */
static GVariant *here(void)
{
	g_auto(GStrv) environment = g_get_environ();
	g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
	g_auto(GStrv) passed = NULL;

	for (char **variable = environment; *variable; variable++) {
		if (g_utf8_validate(*variable, -1, NULL))
			g_strv_builder_add(texts, *variable);
	}
	passed = g_strv_builder_end(texts);
	return option("environment", g_variant_new_strv((const char *const *)passed, -1));
}

void request_save(const char *session, gboolean stop)
{
	VksBusManager1 *to = manager();

	if (to)
		vks_bus_manager1_call_save(to, session, option("stop", g_variant_new_boolean(stop)),
					   NULL, on_answer, NULL);
}

void request_save_all(void)
{
	VksBusManager1 *to = manager();

	if (to)
		vks_bus_manager1_call_save_all(to, option("reason", g_variant_new_string("manual")),
					       NULL, on_answer, NULL);
}

void request_thaw(const char *session)
{
	VksBusManager1 *to = manager();

	if (to)
		vks_bus_manager1_call_thaw(to, session, here(), NULL, on_answer, NULL);
}

void request_rollback(const char *session, guint number)
{
	VksBusManager1 *to = manager();

	if (to)
		vks_bus_manager1_call_rollback(to, session, number, here(), NULL, on_answer, NULL);
}

void request_stop(const char *session)
{
	VksBusManager1 *to = manager();

	if (to)
		vks_bus_manager1_call_stop(to, session, NULL, on_answer, NULL);
}

void request_attach(const char *session)
{
	VksBusManager1 *to = manager();

	if (to)
		vks_bus_manager1_call_attach(to, session, here(), NULL, on_answer, NULL);
}

void request_detach(const char *session)
{
	VksBusManager1 *to = manager();

	if (to)
		vks_bus_manager1_call_detach(to, session, NULL, on_answer, NULL);
}

void request_restore_policy(VksBusSession1 *session, const char *restore)
{
	g_dbus_proxy_call(G_DBUS_PROXY(session), "org.freedesktop.DBus.Properties.Set",
			  g_variant_new("(ssv)", "org.vksession.Session1", "Restore",
					g_variant_new_string(restore)),
			  G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_answer, NULL);
}
