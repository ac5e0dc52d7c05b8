/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   find   - The name has an owner, and that owner works with the same places and is of the same
 *            version. Anything else means: no daemon for us.
 *   begin  - Signals are subscribed to before the method is called, in a main context of our own,
 *            which is not run until the job's path is known: so none is missed, and those of other
 *            jobs are left out.
 *   follow - Progress goes to the control; its cancellable becomes the job's Cancel, once; the
 *            daemon's own end ends the wait.
 *   result - The job's properties, after it has finished.
 */
#include "vksession/cli/remote.h"

#include <string.h>
#include <unistd.h>

#include "vksession/daemon/bus.h"
#include "vksession/environment.h"
#include "vksession/secret-service.h"

#define MANAGER	   "org.vksession.Manager1"
#define JOB	   "org.vksession.Job1"
#define PROPERTIES "org.freedesktop.DBus.Properties"
/* A daemon that does not answer must not keep anybody from working. */
#define FIND_MS	   3000

struct CliRemote {
	GDBusConnection *connection;
	GMainContext *context;
	char *owner; /* unique name */
};

/* --- find --- */

static char *find_owner(GDBusConnection *connection)
{
	g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
		connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
		"GetNameOwner", g_variant_new("(s)", VKS_BUS_NAME), G_VARIANT_TYPE("(s)"),
		G_DBUS_CALL_FLAGS_NO_AUTO_START, FIND_MS, NULL, NULL);
	char *owner = NULL;

	if (answer)
		g_variant_get(answer, "(s)", &owner);
	return owner;
}

static GVariant *get_properties(const CliRemote *remote, const char *path, const char *interface,
				int timeout_ms, GError **error)
{
	g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
		remote->connection, remote->owner, path, PROPERTIES, "GetAll",
		g_variant_new("(s)", interface), G_VARIANT_TYPE("(a{sv})"),
		G_DBUS_CALL_FLAGS_NO_AUTO_START, timeout_ms, NULL, error);

	return answer ? g_variant_get_child_value(answer, 0) : NULL;
}

static gboolean is_ours(const CliRemote *remote)
{
	g_autoptr(GVariant)
		properties = get_properties(remote, VKS_BUS_PATH, MANAGER, FIND_MS, NULL);
	g_autoptr(GVariant) ours = vks_bus_places(NULL);
	g_autoptr(GVariant) theirs = NULL;
	const char *version = "";

	if (!properties || !ours)
		return FALSE;
	g_variant_ref_sink(ours);
	theirs = g_variant_lookup_value(properties, "Places", G_VARIANT_TYPE("a{ss}"));
	return g_variant_lookup(properties, "Version", "&s", &version) &&
	       strcmp(version, VKSESSION_VERSION) == 0 && theirs && g_variant_equal(ours, theirs);
}

CliRemote *cli_remote_find(void)
{
	CliRemote *remote;
	GDBusConnection *connection;

	if (!vks_session_bus_exists())
		return NULL;
	connection = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	if (!connection)
		return NULL;
	g_dbus_connection_set_exit_on_close(connection, FALSE);
	vks_bus_register_errors();
	remote = g_new0(CliRemote, 1);
	remote->connection = connection;
	remote->context = g_main_context_new();
	remote->owner = find_owner(connection);
	if (remote->owner && is_ours(remote))
		return remote;
	cli_remote_free(remote);
	return NULL;
}

void cli_remote_free(CliRemote *remote)
{
	if (!remote)
		return;
	g_object_unref(remote->connection);
	g_main_context_unref(remote->context);
	g_free(remote->owner);
	g_free(remote);
}

/* --- calls --- */

/* An error as the library would have given it. */
static void take_error(GError *cause, GError **error)
{
	g_dbus_error_strip_remote_error(cause);
	vks_error_complete(error, cause,
			   "sessions and earlier saves are untouched; see: vksession list");
}

static GVariant *call(const CliRemote *remote, const char *method, GVariant *parameters,
		      const char *type, GError **error)
{
	g_autoptr(GError) cause = NULL;
	GVariant *answer = g_dbus_connection_call_sync(
		remote->connection, remote->owner, VKS_BUS_PATH, MANAGER, method, parameters,
		G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, NULL, &cause);

	if (!answer)
		take_error(g_steal_pointer(&cause), error);
	return answer;
}

/** One job that is followed. */
typedef struct {
	const CliRemote *remote;
	const VksControl *control;
	char *path; /* NULL before begin has answered */
	gboolean finished, gone;
	char *stage;
	guint64 done, total;
} Follow;

static void on_job_signal(GDBusConnection *connection, const char *sender, const char *path,
			  const char *interface, const char *name, GVariant *parameters,
			  gpointer user_data)
{
	Follow *follow = user_data;
	g_autoptr(GVariant) changed = NULL;
	char *stage = NULL;

	if (g_strcmp0(path, follow->path) != 0)
		return;
	if (strcmp(interface, JOB) == 0) {
		follow->finished |= strcmp(name, "Finished") == 0;
		return;
	}
	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
		return;
	changed = g_variant_get_child_value(parameters, 1);
	if (g_variant_lookup(changed, "Stage", "s", &stage)) {
		g_free(follow->stage);
		follow->stage = stage;
	}
	g_variant_lookup(changed, "Done", "t", &follow->done);
	g_variant_lookup(changed, "Total", "t", &follow->total);
	if (follow->control && follow->control->progress && *follow->stage)
		follow->control->progress(follow->stage, follow->done, follow->total,
					  follow->control->user_data);
}

static void on_owner_changed(GDBusConnection *connection, const char *sender, const char *path,
			     const char *interface, const char *name, GVariant *parameters,
			     gpointer user_data)
{
	((Follow *)user_data)->gone = TRUE;
}

static void on_closed(GDBusConnection *connection, gboolean vanished, GError *error,
		      gpointer user_data)
{
	Follow *follow = user_data;

	follow->gone = TRUE;
	g_main_context_wakeup(follow->remote->context);
}

static gboolean on_cancelled(GCancellable *cancellable, gpointer user_data)
{
	const Follow *follow = user_data;

	g_dbus_connection_call(follow->remote->connection, follow->remote->owner, follow->path, JOB,
			       "Cancel", NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL,
			       NULL, NULL);
	return G_SOURCE_REMOVE;
}

static void wait_finished(Follow *follow)
{
	GMainContext *context = follow->remote->context;
	GCancellable *cancellable = follow->control ? follow->control->cancellable : NULL;
	g_autoptr(GSource) cancel = NULL;

	if (cancellable) {
		cancel = g_cancellable_source_new(cancellable);
		g_source_set_callback(cancel, G_SOURCE_FUNC(on_cancelled), follow, NULL);
		g_source_attach(cancel, context);
	}
	while (!follow->finished && !follow->gone)
		g_main_context_iteration(context, TRUE);
	if (cancel)
		g_source_destroy(cancel);
}

/* The result of a job that has finished, or its error. */
static GVariant *take_result(const Follow *follow, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(GVariant)
		properties = get_properties(follow->remote, follow->path, JOB, FIND_MS, &cause);
	const char *state = "", *name = "", *message = "";

	if (!properties) {
		take_error(g_steal_pointer(&cause), error);
		return NULL;
	}
	g_variant_lookup(properties, "State", "&s", &state);
	if (strcmp(state, "done") == 0)
		return g_variant_lookup_value(properties, "Result", G_VARIANT_TYPE_VARDICT);
	g_variant_lookup(properties, "ErrorName", "&s", &name);
	g_variant_lookup(properties, "ErrorMessage", "&s", &message);
	g_propagate_error(error, vks_bus_error_new(name, message));
	return NULL;
}

static GVariant *follow_job(Follow *follow, const char *method, GVariant *parameters,
			    GError **error)
{
	g_autoptr(GVariant) answer = call(follow->remote, method, parameters, "(o)", error);

	if (!answer)
		return NULL;
	g_variant_get(answer, "(o)", &follow->path);
	wait_finished(follow);
	if (follow->finished)
		return take_result(follow, error);
	g_set_error(error, VKS_ERROR, VKS_ERROR_FAILED,
		    "the daemon ended while it was at work; sessions and earlier saves are "
		    "untouched; see how far it came with: vksession list");
	return NULL;
}

/* Calls a method that begins a job, and waits for its end. @return a{sv}; NULL with an error */
static GVariant *call_job(CliRemote *remote, const char *method, GVariant *parameters,
			  const VksControl *control, GError **error)
{
	GDBusConnection *connection = remote->connection;
	Follow follow = { .remote = remote, .control = control, .stage = g_strdup("") };
	GVariant *result;
	gulong closed;
	guint ids[3];

	g_main_context_push_thread_default(remote->context);
	ids[0] = g_dbus_connection_signal_subscribe(connection, remote->owner, JOB, NULL, NULL,
						    NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_job_signal,
						    &follow, NULL);
	ids[1] = g_dbus_connection_signal_subscribe(
		connection, remote->owner, PROPERTIES, "PropertiesChanged", NULL, JOB,
		G_DBUS_SIGNAL_FLAGS_NONE, on_job_signal, &follow, NULL);
	ids[2] = g_dbus_connection_signal_subscribe(
		connection, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
		"/org/freedesktop/DBus", remote->owner, G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed,
		&follow, NULL);
	closed = g_signal_connect(connection, "closed", G_CALLBACK(on_closed), &follow);
	result = follow_job(&follow, method, parameters, error);
	g_signal_handler_disconnect(connection, closed);
	for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
		g_dbus_connection_signal_unsubscribe(connection, ids[i]);
	g_main_context_pop_thread_default(remote->context);
	g_free(follow.path);
	g_free(follow.stage);
	return result;
}

/* --- the operations --- */

static void add(GVariantDict *options, const char *name, const char *value)
{
	if (value)
		g_variant_dict_insert(options, name, "s", value);
}

static void add_if(GVariantDict *options, const char *name, gboolean wanted, gboolean value)
{
	if (wanted)
		g_variant_dict_insert(options, name, "b", value);
}

/* Where and in whose name windows are to be shown. */
static void add_desktop(GVariantDict *options, const char *display)
{
	g_auto(GStrv) environment = vks_environment_of_desktop();

	add(options, "display", display);
	g_variant_dict_insert(options, "environment", "^as", environment);
}

/* The same, and what the program is to know. */
static void add_surroundings(GVariantDict *options, const char *const *environment)
{
	g_auto(GStrv) desktop = vks_environment_of_desktop();
	g_auto(GStrv) program = vks_environment_filter(environment);
	g_autoptr(GStrvBuilder) all = g_strv_builder_new();
	g_auto(GStrv) both = NULL;

	g_strv_builder_addv(all, (const char **)program);
	g_strv_builder_addv(all, (const char **)desktop);
	both = g_strv_builder_end(all);
	g_variant_dict_insert(options, "environment", "^as", both);
}

gboolean cli_remote_run(CliRemote *remote, const VksRunOptions *options, const VksControl *control,
			VksRunResult *result, GError **error)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GVariant) values = NULL;
	guint pid = 0;

	add_surroundings(&dict, options->environment);
	add(&dict, "cwd", options->cwd);
	add(&dict, "display", options->display);
	add_if(&dict, "detach", options->detach, TRUE);
	add_if(&dict, "new", options->new_only, TRUE);
	add_if(&dict, "network", options->no_network, FALSE);
	add(&dict, "encrypt", options->encrypt);
	if (options->private_dirs)
		g_variant_dict_insert(&dict, "private", "^as", options->private_dirs);
	if (options->disks)
		g_variant_dict_insert(&dict, "disks", "^as", options->disks);
	if (options->memory_bytes)
		g_variant_dict_insert(&dict, "memory", "t", options->memory_bytes);
	if (options->cpus)
		g_variant_dict_insert(&dict, "cpus", "u", options->cpus);
	values = call_job(remote, "Run",
			  g_variant_new("(s^as@a{sv})", options->name, options->argv,
					g_variant_dict_end(&dict)),
			  control, error);
	if (!values)
		return FALSE;
	g_variant_lookup(values, "pid", "u", &pid);
	g_variant_lookup(values, "created", "b", &result->created);
	result->pid = (pid_t)pid;
	return TRUE;
}

gboolean cli_remote_save(CliRemote *remote, const VksSaveOptions *options,
			 const VksControl *control, VksSaveResult *result, GError **error)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
	VksFigures *figures = &result->figures;
	g_autoptr(GVariant) values = NULL;

	add_if(&dict, "stop", options->stop, TRUE);
	add_if(&dict, "force", options->force, TRUE);
	add(&dict, "reason", options->reason);
	add_if(&dict, "queue", options->wait, TRUE);
	values = call_job(remote, "Save",
			  g_variant_new("(s@a{sv})", options->name, g_variant_dict_end(&dict)),
			  control, error);
	if (!values)
		return FALSE;
	g_variant_lookup(values, "number", "u", &result->number);
	g_variant_lookup(values, "disk_bytes", "t", &result->disk_bytes);
	g_variant_lookup(values, "total_us", "t", &result->total_us);
	g_variant_lookup(values, "memory_bytes", "t", &figures->memory_bytes);
	g_variant_lookup(values, "state_bytes", "t", &figures->state_bytes);
	g_variant_lookup(values, "quiesce_us", "t", &figures->quiesce_us);
	g_variant_lookup(values, "dump_us", "t", &figures->dump_us);
	g_variant_lookup(values, "resume_us", "t", &figures->resume_us);
	g_variant_lookup(values, "written_bytes", "t", &result->written_bytes);
	g_variant_lookup(values, "base", "u", &result->base);
	g_variant_lookup(values, "pruned", "u", &result->pruned);
	return TRUE;
}

gboolean cli_remote_thaw(CliRemote *remote, const VksThawOptions *options,
			 const VksControl *control, VksThawResult *result, GError **error)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GVariant) values = NULL;

	if (options->number)
		g_variant_dict_insert(&dict, "save", "u", options->number);
	add_desktop(&dict, options->display);
	add_if(&dict, "detach", options->detach, TRUE);
	values = call_job(remote, "Thaw",
			  g_variant_new("(s@a{sv})", options->name, g_variant_dict_end(&dict)),
			  control, error);
	if (!values)
		return FALSE;
	g_variant_lookup(values, "number", "u", &result->number);
	g_variant_lookup(values, "verify_us", "t", &result->verify_us);
	g_variant_lookup(values, "running_us", "t", &result->running_us);
	return TRUE;
}

gboolean cli_remote_rollback(CliRemote *remote, const VksRollbackOptions *options,
			     const VksControl *control, VksRollbackResult *result, GError **error)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GVariant) values = NULL;

	add_desktop(&dict, options->display);
	add_if(&dict, "detach", options->detach, TRUE);
	values = call_job(remote, "Rollback",
			  g_variant_new("(su@a{sv})", options->name, options->number,
					g_variant_dict_end(&dict)),
			  control, error);
	if (!values)
		return FALSE;
	g_variant_lookup(values, "number", "u", &result->number);
	g_variant_lookup(values, "undo", "u", &result->undo);
	return TRUE;
}

gboolean cli_remote_stop(CliRemote *remote, const char *name, const VksControl *control,
			 GError **error)
{
	g_autoptr(GVariant)
		values = call_job(remote, "Stop", g_variant_new("(s)", name), control, error);

	return values != NULL;
}

gboolean cli_remote_attach(CliRemote *remote, const char *name, const char *display, GError **error)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GVariant) answer = NULL;

	add_desktop(&dict, display);
	answer = call(remote, "Attach", g_variant_new("(s@a{sv})", name, g_variant_dict_end(&dict)),
		      "()", error);
	return answer != NULL;
}

gboolean cli_remote_detach(CliRemote *remote, const char *name, GError **error)
{
	g_autoptr(GVariant)
		answer = call(remote, "Detach", g_variant_new("(s)", name), "()", error);

	return answer != NULL;
}

gboolean cli_remote_drop(CliRemote *remote, const char *name, guint number, GError **error)
{
	g_autoptr(GVariant)
		answer = call(remote, "Drop", g_variant_new("(su)", name, number), "()", error);

	return answer != NULL;
}
