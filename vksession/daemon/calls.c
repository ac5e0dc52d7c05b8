/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/calls.h"

#include "vksession/daemon/job.h"
#include "vksession/daemon/registry.h"
#include "vksession/restore.h"

/* --- jobs --- */

void call_begin(Daemon *daemon, GDBusMethodInvocation *invocation, const WorkKind *kind,
		Request *request)
{
	g_autoptr(Request) owned = request;
	GError *error = NULL;
	const char *path;

	if (request->session && !vks_check_name(request->session, &error)) {
		g_dbus_method_invocation_take_error(invocation, error);
		return;
	}
	path = jobs_begin(daemon->jobs, kind, g_steal_pointer(&owned), FALSE);
	g_dbus_method_invocation_return_value(invocation, g_variant_new("(o)", path));
}

void call_with_options(Daemon *daemon, GDBusMethodInvocation *invocation, const WorkKind *kind,
		       Request *request, OptionSet set, GVariant *options)
{
	GDBusMessage *message = g_dbus_method_invocation_get_message(invocation);
	g_autoptr(Request) owned = request;
	GError *error = NULL;

	if (!request_parse(request, set, options, &error) ||
	    !request_take_descriptors(request, g_dbus_message_get_unix_fd_list(message), &error)) {
		g_dbus_method_invocation_take_error(invocation, error);
		return;
	}
	call_begin(daemon, invocation, kind, g_steal_pointer(&owned));
}

/* --- calls that answer when they are done, from a thread --- */

typedef struct Call Call;

struct Call {
	Daemon *daemon;
	Request *request;
	char *policy; /* of call_set_restore() */
	/* Runs in the thread. @return what to answer, floating; NULL with an error */
	GVariant *(*run)(const Call *call, GError **error);
};

static void call_free(gpointer data)
{
	Call *call = data;

	request_free(call->request);
	g_free(call->policy);
	g_free(call);
}

static void run_call(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Call *call = data;
	GError *error = NULL;
	GVariant *answer = call->run(call, &error);

	if (answer)
		g_task_return_pointer(task, g_variant_ref_sink(answer),
				      (GDestroyNotify)g_variant_unref);
	else
		g_task_return_error(task, error);
}

static void call_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GDBusMethodInvocation *invocation = user_data;
	const Call *call = g_task_get_task_data(G_TASK(result));
	GError *error = NULL;
	g_autoptr(GVariant) answer = g_task_propagate_pointer(G_TASK(result), &error);

	registry_look(call->daemon->registry, call->request->session);
	if (answer)
		g_dbus_method_invocation_return_value(invocation, answer);
	else
		g_dbus_method_invocation_take_error(invocation, error);
}

static void start_call(Daemon *daemon, GDBusMethodInvocation *invocation, Request *request,
		       const char *policy, GVariant *(*run)(const Call *call, GError **error))
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, call_done, invocation);
	Call *call = g_new0(Call, 1);

	call->daemon = daemon;
	call->request = request;
	call->policy = g_strdup(policy);
	call->run = run;
	g_task_set_task_data(task, call, call_free);
	g_task_run_in_thread(task, run_call);
}

static GVariant *nothing(gboolean ok)
{
	return ok ? g_variant_new("()") : NULL;
}

static GVariant *attach(const Call *call, GError **error)
{
	const Request *request = call->request;

	return nothing(vks_attach(call->daemon->vks, request->session, request_display(request),
				  (const char *const *)request->environment, error));
}

static GVariant *detach(const Call *call, GError **error)
{
	return nothing(vks_detach(call->daemon->vks, call->request->session, error));
}

static GVariant *drop(const Call *call, GError **error)
{
	return nothing(
		vks_drop(call->daemon->vks, call->request->session, call->request->number, error));
}

static GVariant *set_restore(const Call *call, GError **error)
{
	return nothing(
		vks_restore_set(call->daemon->vks, call->request->session, call->policy, error));
}

/* Takes the report over. */
static GVariant *list_changes(VksThawReport *taken)
{
	g_autoptr(VksThawReport) report = taken;
	GVariantBuilder builder;

	if (!report)
		return NULL;
	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(sss)"));
	for (guint i = 0; i < report->files->len; i++) {
		const VksFileChange *change = report->files->pdata[i];
		g_autofree char *path = g_utf8_make_valid(change->path, -1);

		g_variant_builder_add(&builder, "(sss)", path, change->state,
				      vks_file_change_meaning(change));
	}
	return g_variant_new("(a(sss))", &builder);
}

static GVariant *thaw_report(const Call *call, GError **error)
{
	return list_changes(vks_thaw_report(call->daemon->vks, call->request->session, error));
}

static GVariant *preview_thaw(const Call *call, GError **error)
{
	return list_changes(vks_thaw_preview(call->daemon->vks, call->request->session,
					     call->request->number, error));
}

static Request *numbered_request(const char *session, guint number)
{
	Request *request = request_new(session);

	request->number = number;
	return request;
}

void call_attach(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session,
		 GVariant *options)
{
	g_autoptr(Request) request = request_new(session);
	GError *error = NULL;

	if (request_parse(request, OPTIONS_ATTACH, options, &error))
		start_call(daemon, invocation, g_steal_pointer(&request), NULL, attach);
	else
		g_dbus_method_invocation_take_error(invocation, error);
}

void call_detach(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session)
{
	start_call(daemon, invocation, request_new(session), NULL, detach);
}

void call_drop(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session, guint number)
{
	start_call(daemon, invocation, numbered_request(session, number), NULL, drop);
}

void call_thaw_report(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session)
{
	start_call(daemon, invocation, request_new(session), NULL, thaw_report);
}

void call_preview_thaw(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session,
		       guint number)
{
	start_call(daemon, invocation, numbered_request(session, number), NULL, preview_thaw);
}

void call_set_restore(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session,
		      const char *policy)
{
	start_call(daemon, invocation, request_new(session), policy, set_restore);
}
