/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bus.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define NAME	  "org.vksession"
#define ROOT	  "/org/vksession"
#define TIMEOUT_S 30

static GTestDBus *bus;
static GDBusConnection *connection;

int bus_setup(void **state)
{
	bus = g_test_dbus_new(G_TEST_DBUS_NONE);
	/* Clears what belongs to a login from the environment, so it comes first. */
	g_test_dbus_up(bus);
	g_setenv("DISPLAY", ":9", TRUE);
	g_setenv("LC_ALL", "C.UTF-8", TRUE);
	g_unsetenv("VKS_FAKE_HOLD");
	sandbox_setup(state);
	connection = g_dbus_connection_new_for_address_sync(
		g_test_dbus_get_bus_address(bus),
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL, NULL, NULL);
	assert_non_null(connection);
	return 0;
}

void bus_down(void)
{
	g_autofree char *runtime = g_strdup(g_getenv("XDG_RUNTIME_DIR"));

	if (!bus)
		return;
	g_clear_object(&connection);
	g_test_dbus_stop(bus);
	g_clear_object(&bus);
	/* It clears that too; there is more to be done in the sandbox. */
	g_setenv("XDG_RUNTIME_DIR", runtime, TRUE);
}

int bus_teardown(void **state)
{
	bus_down();
	g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
	return sandbox_teardown(state);
}

GDBusConnection *bus_connection(void)
{
	return connection;
}

/* --- waiting --- */

static gboolean on_timeout(gpointer what)
{
	fail_msg("waited in vain for %s", (const char *)what);
	return G_SOURCE_REMOVE;
}

static void on_signal(GDBusConnection *from, const char *sender, const char *path,
		      const char *interface, const char *name, GVariant *parameters, gpointer data)
{
}

/* Looks, and looks again after each signal on the bus, until a condition holds. */
static void wait_until(gboolean (*holds)(gpointer data), gpointer data, const char *what)
{
	guint timeout = g_timeout_add_seconds(TIMEOUT_S, on_timeout, (gpointer)what);
	guint ids[] = {
		g_dbus_connection_signal_subscribe(connection, NAME, NULL, NULL, NULL, NULL,
						   G_DBUS_SIGNAL_FLAGS_NONE, on_signal, NULL, NULL),
		g_dbus_connection_signal_subscribe(connection, "org.freedesktop.DBus", NULL,
						   "NameOwnerChanged", NULL, NAME,
						   G_DBUS_SIGNAL_FLAGS_NONE, on_signal, NULL, NULL),
	};

	while (!holds(data))
		g_main_context_iteration(NULL, TRUE);
	for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
		g_dbus_connection_signal_unsubscribe(connection, ids[i]);
	g_source_remove(timeout);
}

static GVariant *call(const char *name, const char *path, const char *interface, const char *method,
		      GVariant *parameters, GError **error)
{
	return g_dbus_connection_call_sync(connection, name, path, interface, method, parameters,
					   NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, TIMEOUT_S * 1000,
					   NULL, error);
}

/* --- the daemon --- */

GPid bus_spawn_daemon(void)
{
	const char *argv[] = { g_getenv("VKSESSIOND"), NULL };
	GError *error = NULL;
	GPid pid;

	if (!g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
			   &error))
		fail_msg("%s", error->message);
	return pid;
}

char *bus_owner(void)
{
	g_autoptr(GVariant) answer = call("org.freedesktop.DBus", "/", "org.freedesktop.DBus",
					  "GetNameOwner", g_variant_new("(s)", NAME), NULL);
	char *owner = NULL;

	if (answer)
		g_variant_get(answer, "(s)", &owner);
	return owner;
}

static gboolean has_other_owner(gpointer before)
{
	g_autofree char *owner = bus_owner();

	return owner && g_strcmp0(owner, before) != 0;
}

void bus_wait_new_owner(const char *before)
{
	wait_until(has_other_owner, (gpointer)before, "another owner of the daemon's name");
}

GPid bus_start_daemon(void)
{
	GPid pid = bus_spawn_daemon();

	wait_until(has_other_owner, NULL, "the daemon's name");
	return pid;
}

int bus_wait_daemon(GPid pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

int bus_end_daemon(GPid pid, int signal_number)
{
	assert_int_equal(kill(pid, signal_number), 0);
	return bus_wait_daemon(pid);
}

/* --- calls and properties --- */

GVariant *bus_call(const char *path, const char *interface, const char *method,
		   GVariant *parameters, GError **error)
{
	return call(NAME, path, interface, method, parameters, error);
}

char *bus_property(const char *path, const char *interface, const char *name)
{
	g_autoptr(GVariant) answer = bus_call(path, "org.freedesktop.DBus.Properties", "Get",
					      g_variant_new("(ss)", interface, name), NULL);
	g_autoptr(GVariant) value = NULL;

	if (!answer)
		return NULL;
	g_variant_get(answer, "(v)", &value);
	return g_variant_print(value, FALSE);
}

typedef struct {
	const char *path, *interface, *name, *value;
} Wanted;

static gboolean property_is(gpointer data)
{
	const Wanted *wanted = data;
	g_autofree char *value = bus_property(wanted->path, wanted->interface, wanted->name);

	return g_strcmp0(value, wanted->value) == 0;
}

void bus_wait_property(const char *path, const char *interface, const char *name, const char *value)
{
	Wanted wanted = { path, interface, name, value };
	g_autofree char *what = g_strdup_printf("%s %s = %s", path, name, value ? value : "gone");

	wait_until(property_is, &wanted, what);
}

/* --- jobs --- */

GVariant *bus_no_options(void)
{
	return g_variant_new("a{sv}", NULL);
}

char *bus_begin(const char *method, GVariant *parameters, GError **error)
{
	g_autoptr(GVariant) answer = bus_call(ROOT, MANAGER, method, parameters, error);
	char *job = NULL;

	if (answer)
		g_variant_get(answer, "(o)", &job);
	return job;
}

static gboolean is_finished(gpointer job)
{
	g_autofree char *state = bus_property(job, JOB, "State");

	return g_strcmp0(state, "'running'") != 0;
}

char *bus_finish(const char *job)
{
	char *state;

	wait_until(is_finished, (gpointer)job, job);
	state = bus_property(job, JOB, "State");
	assert_non_null(state);
	g_strdelimit(state, "'", ' ');
	return g_strstrip(state);
}

GVariant *bus_do(const char *method, GVariant *parameters)
{
	GError *error = NULL;
	g_autofree char *job = bus_begin(method, parameters, &error);
	g_autofree char *state = NULL;
	g_autoptr(GVariant) answer = NULL;
	GVariant *value = NULL;

	if (!job)
		fail_msg("%s: %s", method, error->message);
	state = bus_finish(job);
	if (strcmp(state, "done") != 0) {
		g_autofree char *message = bus_property(job, JOB, "ErrorMessage");

		fail_msg("%s: %s: %s", method, state, message);
	}
	answer = bus_call(job, "org.freedesktop.DBus.Properties", "Get",
			  g_variant_new("(ss)", JOB, "Result"), NULL);
	g_variant_get(answer, "(v)", &value);
	return value;
}
