/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/requests.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define PASSPHRASE_MAX 1024

static struct {
	DesktopSessions *sessions; /* borrowed */
	RequestsAnswerer answerer;
} requests;

void requests_init(DesktopSessions *sessions, const RequestsAnswerer *answerer)
{
	requests.sessions = sessions;
	requests.answerer = *answerer;
}

static void tell_failed(const char *message)
{
	requests.answerer.failed(message, requests.answerer.user_data);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);

	if (answer)
		return;
	g_dbus_error_strip_remote_error(error);
	tell_failed(error->message);
}

/* The daemon to ask; if there is none, that is said and NULL returned. */
static VksBusManager1 *manager(void)
{
	VksBusManager1 *found = desktop_sessions_manager(requests.sessions);

	if (!found)
		tell_failed(_("The vksession daemon does not answer"));
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

/* What this desktop is known by to a viewer, floating. */
static GVariant *environment_here(void)
{
	g_auto(GStrv) environment = g_get_environ();
	g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
	g_auto(GStrv) passed = NULL;

	for (char **variable = environment; *variable; variable++) {
		if (g_utf8_validate(*variable, -1, NULL))
			g_strv_builder_add(texts, *variable);
	}
	passed = g_strv_builder_end(texts);
	return g_variant_new_strv((const char *const *)passed, -1);
}

/* Options that have windows shown on this desktop, floating. */
static GVariant *here(void)
{
	return option("environment", environment_here());
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

static gboolean has_passphrase(const char *session)
{
	g_autoptr(VksBusSession1) found = desktop_sessions_find(requests.sessions, session);

	return found && !desktop_session_runs(found) &&
	       g_strcmp0(vks_bus_session1_get_encryption(found), "passphrase") == 0;
}

void request_thaw(const char *session)
{
	VksBusManager1 *to = manager();

	if (has_passphrase(session))
		request_passphrase(session, NULL);
	else if (to)
		vks_bus_manager1_call_thaw(to, session, here(), NULL, on_answer, NULL);
}

void request_passphrase(const char *session, const char *why)
{
	requests.answerer.ask_passphrase(session, why, requests.answerer.user_data);
}

/* A descriptor that a text can be read from, in a list; NULL if there is none to be had. */
static GUnixFDList *text_to_read(const char *text)
{
	GUnixFDList *list = NULL;
	gsize length = strlen(text);
	int ends[2];

	/* A pipe holds a page: who writes less than that waits for nobody. */
	if (length >= PASSPHRASE_MAX || pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	if (write(ends[1], text, length) == (gssize)length)
		list = g_unix_fd_list_new_from_array(ends, 1);
	else
		close(ends[0]);
	close(ends[1]);
	return list;
}

void request_unlock(const char *session, const char *passphrase)
{
	g_autoptr(GUnixFDList) fds = text_to_read(passphrase);
	VksBusManager1 *to = manager();
	GVariantDict options;

	if (!fds)
		tell_failed(_("The passphrase is too long"));
	if (!fds || !to)
		return;
	g_variant_dict_init(&options, NULL);
	g_variant_dict_insert_value(&options, "environment", environment_here());
	g_variant_dict_insert(&options, "passphrase", "h", 0);
	g_dbus_proxy_call_with_unix_fd_list(
		G_DBUS_PROXY(to), "Thaw",
		g_variant_new("(s@a{sv})", session, g_variant_dict_end(&options)),
		G_DBUS_CALL_FLAGS_NONE, -1, fds, NULL, on_answer, NULL);
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
