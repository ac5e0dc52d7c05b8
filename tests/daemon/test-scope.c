/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd is asked to do for a session. The systemd of this test does nothing but listen. */
#include "bus.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vksession/scope.h"

#define NAME	  "org.freedesktop.systemd1"
#define PATH	  "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"
#define JOB_PATH  PATH "/job/1"
#define MIB	  (G_GUINT64_CONSTANT(1) << 20)

static const char description[] =
	"<node><interface name='" INTERFACE "'>"
	"<method name='Subscribe'/>"
	"<method name='StartTransientUnit'><arg type='s' direction='in'/>"
	"<arg type='s' direction='in'/><arg type='a(sv)' direction='in'/>"
	"<arg type='a(sa(sv))' direction='in'/><arg type='o' direction='out'/></method>"
	"<method name='AttachProcessesToUnit'><arg type='s' direction='in'/>"
	"<arg type='s' direction='in'/><arg type='au' direction='in'/></method>"
	"<signal name='JobRemoved'><arg type='u'/><arg type='o'/><arg type='s'/><arg type='s'/>"
	"</signal></interface></node>";

/** The systemd, in a thread of its own: who asks it waits for the answer. */
static struct {
	GThread *thread;
	GMainContext *context;
	GMainLoop *loop;
	GDBusConnection *connection;
	GAsyncQueue *ready;
	GPtrArray *calls; /* of char *: method and parameters; read when the thread has ended */
	GVariant *unit;	  /* parameters of StartTransientUnit */
} systemd;

static void on_call(GDBusConnection *connection, const char *sender, const char *path,
		    const char *interface, const char *method, GVariant *parameters,
		    GDBusMethodInvocation *invocation, gpointer data)
{
	g_autofree char *text = g_variant_print(parameters, FALSE);

	g_ptr_array_add(systemd.calls, g_strdup_printf("%s%s", method, text));
	if (strcmp(method, "StartTransientUnit") != 0) {
		g_dbus_method_invocation_return_value(invocation, NULL);
		return;
	}
	systemd.unit = g_variant_ref(parameters);
	g_dbus_method_invocation_return_value(invocation, g_variant_new("(o)", JOB_PATH));
	g_dbus_connection_emit_signal(connection, NULL, PATH, INTERFACE, "JobRemoved",
				      g_variant_new("(uoss)", 1, JOB_PATH, "x.scope", "done"),
				      NULL);
}

static gpointer be_systemd(gpointer address)
{
	static const GDBusInterfaceVTable table = { .method_call = on_call };
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(description, NULL);
	g_autoptr(GVariant) owned = NULL;

	g_main_context_push_thread_default(systemd.context);
	systemd.connection = g_dbus_connection_new_for_address_sync(
		address,
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL, NULL, NULL);
	g_dbus_connection_register_object(systemd.connection, PATH, node->interfaces[0], &table,
					  NULL, NULL, NULL);
	owned = g_dbus_connection_call_sync(systemd.connection, "org.freedesktop.DBus", "/",
					    "org.freedesktop.DBus", "RequestName",
					    g_variant_new("(su)", NAME, 0), NULL,
					    G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
	g_async_queue_push(systemd.ready, GINT_TO_POINTER(owned != NULL ? 1 : 2));
	g_main_loop_run(systemd.loop);
	g_main_context_pop_thread_default(systemd.context);
	return NULL;
}

static int setup(void **state)
{
	g_autofree char *runtime = NULL;

	if (bus_setup(state))
		return -1;
	runtime = sandbox_path(state, "run/systemd");
	assert_int_equal(mkdir(runtime, 0700), 0);
	systemd.calls = g_ptr_array_new_with_free_func(g_free);
	systemd.context = g_main_context_new();
	systemd.loop = g_main_loop_new(systemd.context, FALSE);
	systemd.ready = g_async_queue_new();
	systemd.thread =
		g_thread_new("systemd", be_systemd, (gpointer)g_getenv("DBUS_SESSION_BUS_ADDRESS"));
	assert_int_equal(GPOINTER_TO_INT(g_async_queue_pop(systemd.ready)), 1);
	return 0;
}

static void end_systemd(void)
{
	if (!systemd.thread)
		return;
	g_main_loop_quit(systemd.loop);
	g_thread_join(g_steal_pointer(&systemd.thread));
	g_clear_object(&systemd.connection);
}

static int teardown(void **state)
{
	end_systemd();
	g_clear_pointer(&systemd.unit, g_variant_unref);
	g_ptr_array_unref(systemd.calls);
	g_async_queue_unref(systemd.ready);
	g_main_loop_unref(systemd.loop);
	g_main_context_unref(systemd.context);
	return bus_teardown(state);
}

/* @return property of the scope that was asked for; g_variant_unref() */
static GVariant *property(const char *name)
{
	g_autoptr(GVariant) list = g_variant_get_child_value(systemd.unit, 2);

	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) value = NULL;
		const char *key;

		g_variant_get_child(list, i, "(&sv)", &key, &value);
		if (strcmp(key, name) == 0)
			return g_steal_pointer(&value);
	}
	fail_msg("the scope has no %s", name);
	return NULL;
}

/* Whoever makes the scope is not in it yet, says /proc, since this systemd moves nobody. */
static void test_scope(void **state)
{
	g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
	g_autofree char *scope = g_strdup_printf("vksession-mine-%d.scope", (int)getpid());
	g_autofree char *list = g_strdup_printf("[%d]", (int)getpid());
	g_autoptr(GVariant) limit = NULL, members = NULL;
	g_autofree char *listed = NULL;
	const pid_t self = getpid();
	const char *name;

	g_array_append_val(pids, self);
	vks_scope_enter("mine", 512 * MIB, pids);
	end_systemd();
	assert_non_null(systemd.unit);
	g_variant_get_child(systemd.unit, 0, "&s", &name);
	assert_string_equal(name, scope);
	limit = property("MemoryMax");
	assert_int_equal(g_variant_get_uint64(limit), 2048 * MIB);
	members = property("PIDs");
	listed = g_variant_print(members, FALSE);
	assert_string_equal(listed, list);
}

/* Where no systemd of the user runs, nothing is asked. */
static void test_without_systemd(void **state)
{
	g_autofree char *runtime = sandbox_path(state, "run/systemd");
	g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
	const pid_t self = getpid();

	g_array_append_val(pids, self);
	assert_int_equal(rmdir(runtime), 0);
	vks_scope_enter("mine", 512 * MIB, pids);
	end_systemd();
	assert_int_equal(systemd.calls->len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scope, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_systemd, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
