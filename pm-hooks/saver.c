/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "saver.h"

#include <string.h>

#include "vksession-bus.h"

#define VKSESSION      "org.vksession"
#define VKSESSION_PATH "/org/vksession"
#define TRIES	       2
#define CALL_MS	       30000 /* for the answer that it has begun; may start vksessiond */

/*
 * Theory of operation
 *
 *   begin    find the manager and call the method, which starts vksessiond: the answer is a job.
 *   follow   the job's properties are read after its signals were subscribed to, so that an end
 * that came before is seen as well; and again on its end. conclude on the job's end, or when its
 * owner has gone from the bus (then begin again, once), or on an error of a call.
 */
struct Saver {
	GDBusConnection *session_bus;
	GCancellable *cancellable;
	const char *method;
	GVariant *options;
	VksBusJob1 *job;
	SaverDone done;
	gpointer data;
	gint64 began_us;
	guint tries_left;
};

static void begin(Saver *saver);

static void drop_job(Saver *saver)
{
	if (saver->job)
		g_signal_handlers_disconnect_by_data(saver->job, saver);
	g_clear_object(&saver->job);
}

static void conclude(Saver *saver, GVariant *result, const GError *error)
{
	const struct saver_outcome outcome = {
		.error = error,
		.result = error ? NULL : result,
		.elapsed_us = g_get_monotonic_time() - saver->began_us,
	};
	SaverDone done = saver->done;

	drop_job(saver);
	saver->done = NULL;
	g_clear_pointer(&saver->options, g_variant_unref);
	done(saver->data, &outcome);
}

/* Return: whether an error means that vksessiond went away under the call. */
static gboolean is_lost(const GError *error)
{
	return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_DISCONNECTED) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT);
}

static void begin_again_or_fail(Saver *saver, GError *error)
{
	drop_job(saver);
	if (is_lost(error) && saver->tries_left > 0) {
		begin(saver);
		return;
	}
	g_dbus_error_strip_remote_error(error);
	conclude(saver, NULL, error);
}

static void follow(Saver *saver, const char *path);

static void on_finished(VksBusJob1 *job, const char *state, gpointer data)
{
	/* Read it again: the signal may overtake those that tell of the properties. */
	g_autofree char *path = g_strdup(g_dbus_proxy_get_object_path(G_DBUS_PROXY(job)));

	follow(data, path);
}

static void on_owner(GObject *job, GParamSpec *property, gpointer data)
{
	g_autofree char *owner = g_dbus_proxy_get_name_owner(G_DBUS_PROXY(job));
	g_autoptr(GError) error = NULL;

	if (owner)
		return;
	error = g_error_new_literal(G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY,
				    "vksessiond ended in the middle");
	begin_again_or_fail(data, error);
}

static void look_at_job(Saver *saver, VksBusJob1 *job)
{
	const char *state = vks_bus_job1_get_state(job);
	g_autoptr(GError) error = NULL;

	if (!state) {
		error = g_error_new_literal(G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT,
					    "vksessiond does not know its own job any more");
		begin_again_or_fail(saver, error);
	} else if (strcmp(state, "running") == 0) {
		saver->job = g_object_ref(job);
		g_signal_connect(job, "finished", G_CALLBACK(on_finished), saver);
		g_signal_connect(job, "notify::g-name-owner", G_CALLBACK(on_owner), saver);
	} else if (strcmp(state, "done") == 0) {
		conclude(saver, vks_bus_job1_get_result(job), NULL);
	} else {
		error = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_FAILED,
					    vks_bus_job1_get_error_message(job));
		conclude(saver, NULL, error);
	}
}

static void on_job(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VksBusJob1) job = vks_bus_job1_proxy_new_finish(result, &error);

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (job)
		look_at_job(data, job);
	else
		begin_again_or_fail(data, error);
}

static void follow(Saver *saver, const char *path)
{
	drop_job(saver);
	vks_bus_job1_proxy_new(saver->session_bus, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, VKSESSION,
			       path, saver->cancellable, on_job, saver);
}

static void on_begun(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);
	const char *path;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (!reply) {
		begin_again_or_fail(data, error);
		return;
	}
	g_variant_get(reply, "(&o)", &path);
	follow(data, path);
}

static void on_manager(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VksBusManager1) manager = vks_bus_manager1_proxy_new_finish(result, &error);
	Saver *saver = data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (!manager) {
		begin_again_or_fail(saver, error);
		return;
	}
	g_dbus_proxy_call(G_DBUS_PROXY(manager), saver->method,
			  g_variant_new("(@a{sv})", saver->options), G_DBUS_CALL_FLAGS_NONE,
			  CALL_MS, saver->cancellable, on_begun, saver);
}

static void begin(Saver *saver)
{
	saver->tries_left--;
	vks_bus_manager1_proxy_new(saver->session_bus,
				   G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES |
					   G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START_AT_CONSTRUCTION,
				   VKSESSION, VKSESSION_PATH, saver->cancellable, on_manager,
				   saver);
}

static void start(Saver *saver, const char *method, GVariantBuilder *options, SaverDone done,
		  gpointer data)
{
	g_assert(!saver->done);
	saver->method = method;
	saver->options = g_variant_ref_sink(g_variant_builder_end(options));
	saver->done = done;
	saver->data = data;
	saver->began_us = g_get_monotonic_time();
	saver->tries_left = TRIES;
	begin(saver);
}

void saver_save_all(Saver *saver, const char *reason, gboolean stop, guint64 deadline_us,
		    SaverDone done, gpointer data)
{
	GVariantBuilder options;

	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&options, "{sv}", "reason", g_variant_new_string(reason));
	g_variant_builder_add(&options, "{sv}", "stop", g_variant_new_boolean(stop));
	if (deadline_us > 0)
		g_variant_builder_add(&options, "{sv}", "deadline",
				      g_variant_new_uint64(deadline_us));
	start(saver, "SaveAll", &options, done, data);
}

void saver_restore(Saver *saver, const char *display, const char *const *environment,
		   SaverDone done, gpointer data)
{
	GVariantBuilder options;

	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	if (display)
		g_variant_builder_add(&options, "{sv}", "display", g_variant_new_string(display));
	if (environment)
		g_variant_builder_add(&options, "{sv}", "environment",
				      g_variant_new_strv(environment, -1));
	start(saver, "Restore", &options, done, data);
}

Saver *saver_new(GDBusConnection *session_bus)
{
	Saver *saver = g_new0(Saver, 1);

	saver->session_bus = g_object_ref(session_bus);
	saver->cancellable = g_cancellable_new();
	return saver;
}

void saver_free(Saver *saver)
{
	if (!saver)
		return;
	g_cancellable_cancel(saver->cancellable);
	drop_job(saver);
	g_clear_pointer(&saver->options, g_variant_unref);
	g_object_unref(saver->cancellable);
	g_object_unref(saver->session_bus);
	g_free(saver);
}
