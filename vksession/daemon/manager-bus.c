/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.vksession.Manager1: methods to jobs. Holds no state. */
#include "vksession/daemon/bus.h"
#include "vksession/daemon/calls.h"
#include "vksession/daemon/registry.h"

static gboolean on_run(VksBusManager1 *bus, GDBusMethodInvocation *invocation, const char *session,
		       const char *const *command, GVariant *options, gpointer daemon)
{
	Request *request = request_new(session);

	if (!*command) {
		request_free(request);
		g_dbus_method_invocation_return_error_literal(invocation, G_DBUS_ERROR,
							      G_DBUS_ERROR_INVALID_ARGS,
							      "the command is empty");
		return TRUE;
	}
	request->command = g_strdupv((char **)command);
	call_with_options(daemon, invocation, &work_run, request, OPTIONS_RUN, options);
	return TRUE;
}

static gboolean on_save(VksBusManager1 *bus, GDBusMethodInvocation *invocation, const char *session,
			GVariant *options, gpointer daemon)
{
	call_with_options(daemon, invocation, &work_save, request_new(session), OPTIONS_SAVE,
			  options);
	return TRUE;
}

static gboolean on_save_all(VksBusManager1 *bus, GDBusMethodInvocation *invocation,
			    GVariant *options, gpointer daemon)
{
	call_with_options(daemon, invocation, &work_save_all, request_new(NULL), OPTIONS_SAVE_ALL,
			  options);
	return TRUE;
}

static gboolean on_thaw(VksBusManager1 *bus, GDBusMethodInvocation *invocation, const char *session,
			GVariant *options, gpointer daemon)
{
	call_with_options(daemon, invocation, &work_thaw, request_new(session), OPTIONS_THAW,
			  options);
	return TRUE;
}

static gboolean on_restore(VksBusManager1 *bus, GDBusMethodInvocation *invocation,
			   GVariant *options, gpointer daemon)
{
	call_with_options(daemon, invocation, &work_restore, request_new(NULL), OPTIONS_RESTORE,
			  options);
	return TRUE;
}

static gboolean on_stop(VksBusManager1 *bus, GDBusMethodInvocation *invocation, const char *session,
			gpointer daemon)
{
	call_begin(daemon, invocation, &work_stop, request_new(session));
	return TRUE;
}

static gboolean on_rollback(VksBusManager1 *bus, GDBusMethodInvocation *invocation,
			    const char *session, guint number, GVariant *options, gpointer daemon)
{
	Request *request = request_new(session);

	request->number = number;
	call_with_options(daemon, invocation, &work_rollback, request, OPTIONS_ROLLBACK, options);
	return TRUE;
}

static gboolean on_attach(VksBusManager1 *bus, GDBusMethodInvocation *invocation,
			  const char *session, GVariant *options, gpointer daemon)
{
	call_attach(daemon, invocation, session, options);
	return TRUE;
}

static gboolean on_detach(VksBusManager1 *bus, GDBusMethodInvocation *invocation,
			  const char *session, gpointer daemon)
{
	call_detach(daemon, invocation, session);
	return TRUE;
}

static gboolean on_drop(VksBusManager1 *bus, GDBusMethodInvocation *invocation, const char *session,
			guint number, gpointer daemon)
{
	call_drop(daemon, invocation, session, number);
	return TRUE;
}

static gboolean on_adopt(VksBusManager1 *bus, GDBusMethodInvocation *invocation, gpointer user_data)
{
	Daemon *daemon = user_data;
	g_auto(GStrv) names = registry_adopt(daemon->registry);

	vks_bus_manager1_complete_adopt(bus, invocation, (const char *const *)names);
	return TRUE;
}

static const struct {
	const char *signal;
	GCallback handler;
} handlers[] = {
	{ "handle-run", G_CALLBACK(on_run) },		{ "handle-save", G_CALLBACK(on_save) },
	{ "handle-save-all", G_CALLBACK(on_save_all) }, { "handle-thaw", G_CALLBACK(on_thaw) },
	{ "handle-restore", G_CALLBACK(on_restore) },	{ "handle-stop", G_CALLBACK(on_stop) },
	{ "handle-rollback", G_CALLBACK(on_rollback) }, { "handle-attach", G_CALLBACK(on_attach) },
	{ "handle-detach", G_CALLBACK(on_detach) },	{ "handle-drop", G_CALLBACK(on_drop) },
	{ "handle-adopt", G_CALLBACK(on_adopt) },
};

VksBusManager1 *manager_bus_new(Daemon *daemon)
{
	VksBusManager1 *bus = vks_bus_manager1_skeleton_new();

	vks_bus_manager1_set_version(bus, VKSESSION_VERSION);
	vks_bus_manager1_set_places(bus, vks_bus_places(NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(handlers); i++)
		g_signal_connect(bus, handlers[i].signal, handlers[i].handler, daemon);
	return bus;
}
