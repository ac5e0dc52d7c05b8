/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "login-watch.h"

#include <string.h>
#include <unistd.h>

#include "pm-hooks/bus-properties.h"

#define RECORDS "/run/systemd/sessions" /* what sd_login_monitor(3) looks at */

struct LoginWatch {
	GDBusConnection *connection;
	void (*last_ended)(gpointer data);
	gpointer data;
	GCancellable *cancellable;
	GHashTable *logins; /* object paths of graphical logins */
	gboolean had_one;   /* since `last_ended` was last called */
	guint questions;    /* without an answer yet */
	GFileMonitor *records;
	guint manager_id;
	guint properties_id;
};

/* A question about one login. */
typedef struct {
	LoginWatch *watch; /* valid unless the call was cancelled */
	char *path;
} Question;

static void question_free(Question *question)
{
	g_free(question->path);
	g_free(question);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Question, question_free)

/* While a question is open, there may be a login that is not known yet. */
static void look_for_last(LoginWatch *watch)
{
	if (!watch->had_one || watch->questions > 0 || g_hash_table_size(watch->logins) > 0)
		return;
	watch->had_one = FALSE;
	watch->last_ended(watch->data);
}

/* Return: whether the properties are those of a login of this user with a screen. */
static gboolean is_graphical(GVariant *properties)
{
	const char *type = "", *class = "";
	guint32 uid = (guint32)-1;

	g_variant_lookup(properties, "User", "(uo)", &uid, NULL);
	g_variant_lookup(properties, "Type", "&s", &type);
	g_variant_lookup(properties, "Class", "&s", &class);
	return uid == getuid() && strcmp(class, "user") == 0 &&
	       (strcmp(type, "x11") == 0 || strcmp(type, "wayland") == 0 ||
		strcmp(type, "mir") == 0);
}

static void note_login(LoginWatch *watch, const char *path, GVariant *properties)
{
	const char *state = "";

	if (!is_graphical(properties))
		return;
	g_variant_lookup(properties, "State", "&s", &state);
	if (strcmp(state, "closing") == 0) {
		g_hash_table_remove(watch->logins, path);
	} else {
		g_hash_table_add(watch->logins, g_strdup(path));
		watch->had_one = TRUE;
	}
}

static void on_login(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(Question) question = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) properties = bus_properties_finish(source, result, &error);

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	question->watch->questions--;
	if (properties) {
		note_login(question->watch, question->path, properties);
	} else if (g_dbus_error_is_remote_error(error)) { /* it has gone meanwhile */
		g_hash_table_remove(question->watch->logins, question->path);
	}
	look_for_last(question->watch);
}

static void ask_login(LoginWatch *watch, const char *path)
{
	Question *question = g_new0(Question, 1);

	question->watch = watch;
	question->path = g_strdup(path);
	watch->questions++;
	bus_properties_ask(watch->connection, LOGIND, path, LOGIND_SESSION, watch->cancellable,
			   on_login, question);
}

static void on_manager(GDBusConnection *connection, const char *sender, const char *sender_path,
		       const char *interface, const char *signal, GVariant *parameters,
		       gpointer data)
{
	LoginWatch *watch = data;
	const char *path;

	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(so)")))
		return;
	g_variant_get(parameters, "(&s&o)", NULL, &path);
	if (strcmp(signal, "SessionNew") == 0) {
		ask_login(watch, path);
	} else if (strcmp(signal, "SessionRemoved") == 0) {
		g_hash_table_remove(watch->logins, path);
		look_for_last(watch);
	}
}

/*
 * A login that has ended but left a program behind stays, with another State, and logind does not
 * announce that on the bus: at times a change of Active goes with it, and always one of its record.
 */
static void on_records(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
		       gpointer data)
{
	LoginWatch *watch = data;
	g_autofree gpointer *paths = g_hash_table_get_keys_as_array(watch->logins, NULL);

	for (gsize i = 0; paths[i]; i++)
		ask_login(watch, paths[i]);
}

static void on_properties(GDBusConnection *connection, const char *sender, const char *path,
			  const char *interface, const char *signal, GVariant *parameters,
			  gpointer data)
{
	LoginWatch *watch = data;

	if (g_hash_table_contains(watch->logins, path))
		ask_login(watch, path);
}

static void on_logins(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant)
		reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	g_autoptr(GVariantIter) iter = NULL;
	const char *path;
	guint32 uid;

	if (!reply)
		return; /* those that are new or end are heard of all the same */
	g_variant_get(reply, "(a(susso))", &iter);
	while (g_variant_iter_next(iter, "(&su&s&s&o)", NULL, &uid, NULL, NULL, &path)) {
		if (uid == getuid())
			ask_login(data, path);
	}
}

static void watch_records(LoginWatch *watch)
{
	g_autoptr(GFile) directory = g_file_new_for_path(RECORDS);

	watch->records = g_file_monitor_directory(directory, G_FILE_MONITOR_NONE, NULL, NULL);
	if (watch->records)
		g_signal_connect(watch->records, "changed", G_CALLBACK(on_records), watch);
}

LoginWatch *login_watch_new(GDBusConnection *connection, void (*last_ended)(gpointer data),
			    gpointer data)
{
	LoginWatch *watch = g_new0(LoginWatch, 1);

	watch->connection = g_object_ref(connection);
	watch->last_ended = last_ended;
	watch->data = data;
	watch->cancellable = g_cancellable_new();
	watch->logins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	watch->manager_id = g_dbus_connection_signal_subscribe(
		connection, LOGIND, LOGIND_MANAGER, NULL, LOGIND_PATH, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, on_manager, watch, NULL);
	watch->properties_id = bus_properties_subscribe(connection, LOGIND, NULL, LOGIND_SESSION,
							on_properties, watch);
	watch_records(watch);
	g_dbus_connection_call(connection, LOGIND, LOGIND_PATH, LOGIND_MANAGER, "ListSessions",
			       NULL, G_VARIANT_TYPE("(a(susso))"), G_DBUS_CALL_FLAGS_NONE, -1,
			       watch->cancellable, on_logins, watch);
	return watch;
}

void login_watch_free(LoginWatch *watch)
{
	if (!watch)
		return;
	g_cancellable_cancel(watch->cancellable);
	g_dbus_connection_signal_unsubscribe(watch->connection, watch->manager_id);
	g_dbus_connection_signal_unsubscribe(watch->connection, watch->properties_id);
	if (watch->records)
		g_signal_handlers_disconnect_by_data(watch->records, watch);
	g_clear_object(&watch->records);
	g_hash_table_unref(watch->logins);
	g_object_unref(watch->cancellable);
	g_object_unref(watch->connection);
	g_free(watch);
}
