/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   find systemd - On a session bus that is there; none is started for it.
 *   stay         - Processes that are in a scope of a session's already are fine.
 *   make scope   - A transient one with the first process; its job's end is waited for, because it
 *                  is moved only then.
 *   add          - The others, and what came later (a viewer, or what was forked meanwhile).
 */
#include "vksession/scope.h"

#include <string.h>
#include <unistd.h>

#include "vksession/secret-service.h"

#define SYSTEMD_NAME   "org.freedesktop.systemd1"
#define SYSTEMD_PATH   "/org/freedesktop/systemd1"
#define MANAGER	       "org.freedesktop.systemd1.Manager"
#define SCOPE_PREFIX   "vksession-"
#define SCOPE_SUFFIX   ".scope"
#define CALL_MS	       5000
#define JOB_TIMEOUT_S  5
/* For the viewer, the network and what the vkernel needs besides the guest's memory. */
#define MEMORY_BESIDES (G_GUINT64_CONSTANT(1) << 30)

/* --- find systemd --- */

static GDBusConnection *find_systemd(void)
{
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	g_autofree char *systemd = runtime ? g_build_filename(runtime, "systemd", NULL) : NULL;

	if (!systemd || access(systemd, F_OK) < 0 || !vks_session_bus_exists())
		return NULL;
	return g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
}

static GVariant *call(GDBusConnection *connection, const char *method, GVariant *parameters)
{
	return g_dbus_connection_call_sync(connection, SYSTEMD_NAME, SYSTEMD_PATH, MANAGER, method,
					   parameters, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
					   CALL_MS, NULL, NULL);
}

/* --- stay --- */

/*
 * @param[out] gone  the process has ended; may be NULL
 * @return name of the session's scope that a process is in; NULL if it is in none. g_free()
 */
static char *scope_of(pid_t pid, const char *prefix, gboolean *gone)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/cgroup", (int)pid);
	g_autofree char *text = NULL;
	char *unit;

	if (!g_file_get_contents(path, &text, NULL, NULL)) {
		if (gone)
			*gone = TRUE;
		return NULL;
	}
	unit = strrchr(g_strchomp(text), '/');
	if (!unit || !g_str_has_prefix(unit + 1, prefix) || !g_str_has_suffix(unit, SCOPE_SUFFIX))
		return NULL;
	return g_strdup(unit + 1);
}

/* @return those that live and are in no scope of the session */
static GArray *outside(const GArray *pids, const char *prefix)
{
	GArray *rest = g_array_new(FALSE, FALSE, sizeof(pid_t));

	for (guint i = 0; i < pids->len; i++) {
		pid_t pid = g_array_index(pids, pid_t, i);
		gboolean gone = FALSE;
		g_autofree char *now = scope_of(pid, prefix, &gone);

		if (!now && !gone)
			g_array_append_val(rest, pid);
	}
	return rest;
}

static GVariant *pid_list(const pid_t *pids, guint count)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("au"));
	for (guint i = 0; i < count; i++)
		g_variant_builder_add(&builder, "u", (guint)pids[i]);
	return g_variant_builder_end(&builder);
}

/* --- make scope --- */

typedef struct {
	const char *path; /* of the job */
	gboolean done;
} Wait;

static void on_job_removed(GDBusConnection *connection, const char *sender, const char *path,
			   const char *interface, const char *name, GVariant *parameters,
			   gpointer user_data)
{
	Wait *wait = user_data;
	const char *job = "";

	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(uoss)")))
		return;
	g_variant_get_child(parameters, 1, "&o", &job);
	wait->done |= g_strcmp0(job, wait->path) == 0;
}

static gboolean on_timeout(gpointer user_data)
{
	((Wait *)user_data)->done = TRUE;
	return G_SOURCE_REMOVE;
}

static void wait_for_job(GMainContext *context, Wait *wait)
{
	g_autoptr(GSource) timeout = g_timeout_source_new_seconds(JOB_TIMEOUT_S);

	g_source_set_callback(timeout, on_timeout, wait, NULL);
	g_source_attach(timeout, context);
	while (!wait->done)
		g_main_context_iteration(context, TRUE);
	g_source_destroy(timeout);
}

static GVariant *scope_properties(const char *session, guint64 memory_bytes, GVariant *pids)
{
	/* What saves sessions at the end of the login ends before they do. */
	static const char *const before[] = { "vksessiond.service", "vksession-pm.service", NULL };
	g_autofree char *description = g_strdup_printf("Persistent session %s", session);
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(sv)"));
	g_variant_builder_add(&builder, "(sv)", "Description", g_variant_new_string(description));
	g_variant_builder_add(&builder, "(sv)", "CollectMode",
			      g_variant_new_string("inactive-or-failed"));
	g_variant_builder_add(&builder, "(sv)", "Before", g_variant_new_strv(before, -1));
	g_variant_builder_add(&builder, "(sv)", "MemoryMax",
			      g_variant_new_uint64(2 * memory_bytes + MEMORY_BESIDES));
	g_variant_builder_add(&builder, "(sv)", "PIDs", pids);
	return g_variant_builder_end(&builder);
}

static void make_scope(GDBusConnection *connection, const char *scope, GVariant *properties)
{
	g_autoptr(GMainContext) context = g_main_context_new();
	g_autoptr(GVariant) subscribed = NULL, answer = NULL;
	Wait wait = { 0 };
	guint id;

	g_main_context_push_thread_default(context);
	id = g_dbus_connection_signal_subscribe(connection, SYSTEMD_NAME, MANAGER, "JobRemoved",
						SYSTEMD_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
						on_job_removed, &wait, NULL);
	subscribed = call(connection, "Subscribe", NULL);
	answer = call(connection, "StartTransientUnit",
		      g_variant_new("(ss@a(sv)a(sa(sv)))", scope, "fail", properties, NULL));
	if (answer && g_variant_is_of_type(answer, G_VARIANT_TYPE("(o)"))) {
		g_variant_get(answer, "(&o)", &wait.path);
		wait_for_job(context, &wait);
	}
	g_dbus_connection_signal_unsubscribe(connection, id);
	g_main_context_pop_thread_default(context);
}

/* --- add --- */

/* One by one: systemd takes none of them if one has ended meanwhile. */
static void attach(GDBusConnection *connection, const char *scope, const GArray *pids)
{
	for (guint i = 0; i < pids->len; i++) {
		const pid_t *pid = &g_array_index(pids, pid_t, i);
		GVariant *answer = call(connection, "AttachProcessesToUnit",
					g_variant_new("(ss@au)", scope, "", pid_list(pid, 1)));

		g_clear_pointer(&answer, g_variant_unref);
	}
}

void vks_scope_enter(const char *session, guint64 memory_bytes, const GArray *pids)
{
	g_autofree char *prefix = g_strdup_printf(SCOPE_PREFIX "%s-", session);
	g_autofree char *scope = NULL;
	g_autoptr(GDBusConnection) connection = NULL;
	g_autoptr(GArray) rest = outside(pids, prefix);
	pid_t first;

	if (rest->len == 0)
		return;
	first = g_array_index(pids, pid_t, 0);
	connection = find_systemd();
	if (!connection)
		return;
	scope = scope_of(first, prefix, NULL);
	if (!scope) {
		scope = g_strdup_printf("%s%d" SCOPE_SUFFIX, prefix, (int)first);
		make_scope(connection, scope,
			   scope_properties(session, memory_bytes, pid_list(&first, 1)));
		g_array_unref(rest);
		rest = outside(pids, prefix);
	}
	attach(connection, scope, rest);
}
