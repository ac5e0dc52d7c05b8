/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/session-bus.h"

#include "vksession/daemon/bus.h"
#include "vksession/daemon/calls.h"

/*
 * The generated class takes any value for a property that can be set. This one writes it to the
 * store, and answers when that is done; the property follows when the store is looked at.
 */
typedef struct {
	VksBusSession1Skeleton parent;
	Daemon *daemon;
} SessionSkeleton;

typedef struct {
	VksBusSession1SkeletonClass parent;
} SessionSkeletonClass;

static GType session_skeleton_get_type(void);
G_DEFINE_FINAL_TYPE(SessionSkeleton, session_skeleton, VKS_BUS_TYPE_SESSION1_SKELETON)

static GDBusInterfaceVTable parent_vtable, vtable;

static void take_call(GDBusConnection *connection, const char *sender, const char *path,
		      const char *interface, const char *method, GVariant *parameters,
		      GDBusMethodInvocation *invocation, gpointer user_data)
{
	SessionSkeleton *skeleton = user_data;
	g_autoptr(GVariant) value = NULL;

	if (!g_str_equal(interface, "org.freedesktop.DBus.Properties")) {
		parent_vtable.method_call(connection, sender, path, interface, method, parameters,
					  invocation, user_data);
		return;
	}
	/* Only Set comes here, and Restore is the only property that GDBus lets through. */
	g_variant_get_child(parameters, 2, "v", &value);
	call_set_restore(skeleton->daemon, invocation,
			 vks_bus_session1_get_name(VKS_BUS_SESSION1(skeleton)),
			 g_variant_get_string(value, NULL));
}

static GDBusInterfaceVTable *get_vtable(GDBusInterfaceSkeleton *skeleton)
{
	return &vtable;
}

static void session_skeleton_class_init(SessionSkeletonClass *class)
{
	GDBusInterfaceSkeletonClass *skeleton = G_DBUS_INTERFACE_SKELETON_CLASS(class);

	parent_vtable = *skeleton->get_vtable(NULL);
	vtable = parent_vtable;
	vtable.method_call = take_call;
	vtable.set_property = NULL;
	skeleton->get_vtable = get_vtable;
}

static void session_skeleton_init(SessionSkeleton *skeleton)
{
}

static const char *name_of(VksBusSession1 *bus)
{
	return vks_bus_session1_get_name(bus);
}

static gboolean on_save(VksBusSession1 *bus, GDBusMethodInvocation *invocation, GVariant *options,
			gpointer daemon)
{
	call_with_options(daemon, invocation, &work_save, request_new(name_of(bus)), OPTIONS_SAVE,
			  options);
	return TRUE;
}

static gboolean on_stop(VksBusSession1 *bus, GDBusMethodInvocation *invocation, gpointer daemon)
{
	call_begin(daemon, invocation, &work_stop, request_new(name_of(bus)));
	return TRUE;
}

static gboolean on_attach(VksBusSession1 *bus, GDBusMethodInvocation *invocation, GVariant *options,
			  gpointer daemon)
{
	call_attach(daemon, invocation, name_of(bus), options);
	return TRUE;
}

static gboolean on_detach(VksBusSession1 *bus, GDBusMethodInvocation *invocation, gpointer daemon)
{
	call_detach(daemon, invocation, name_of(bus));
	return TRUE;
}

static gboolean on_rollback(VksBusSession1 *bus, GDBusMethodInvocation *invocation, guint number,
			    gpointer daemon)
{
	Request *request = request_new(name_of(bus));

	request->number = number;
	call_begin(daemon, invocation, &work_rollback, request);
	return TRUE;
}

static gboolean on_get_thaw_report(VksBusSession1 *bus, GDBusMethodInvocation *invocation,
				   gpointer daemon)
{
	call_thaw_report(daemon, invocation, name_of(bus));
	return TRUE;
}

static gboolean on_preview_thaw(VksBusSession1 *bus, GDBusMethodInvocation *invocation,
				guint number, gpointer daemon)
{
	call_preview_thaw(daemon, invocation, name_of(bus), number);
	return TRUE;
}

typedef struct {
	const char *signal;
	GCallback handler;
} Handler;

static const Handler handlers[] = {
	{ "handle-save", G_CALLBACK(on_save) },
	{ "handle-stop", G_CALLBACK(on_stop) },
	{ "handle-attach", G_CALLBACK(on_attach) },
	{ "handle-detach", G_CALLBACK(on_detach) },
	{ "handle-rollback", G_CALLBACK(on_rollback) },
	{ "handle-get-thaw-report", G_CALLBACK(on_get_thaw_report) },
	{ "handle-preview-thaw", G_CALLBACK(on_preview_thaw) },
};

VksBusObjectSkeleton *session_bus_new(Daemon *daemon, const char *name)
{
	g_autofree char *path = vks_bus_session_path(name);
	VksBusObjectSkeleton *object = vks_bus_object_skeleton_new(path);
	g_autoptr(VksBusSession1) bus = g_object_new(session_skeleton_get_type(), NULL);

	((SessionSkeleton *)bus)->daemon = daemon;
	vks_bus_session1_set_name(bus, name);
	vks_bus_session1_set_activity(bus, "");
	for (gsize i = 0; i < G_N_ELEMENTS(handlers); i++)
		g_signal_connect(bus, handlers[i].signal, handlers[i].handler, daemon);
	vks_bus_object_skeleton_set_session1(object, bus);
	return object;
}

void session_bus_set_activity(VksBusObjectSkeleton *object, const char *activity)
{
	g_autoptr(VksBusSession1) bus = vks_bus_object_get_session1(VKS_BUS_OBJECT(object));

	vks_bus_session1_set_activity(bus, activity);
}

void session_bus_set_unsaved(VksBusObjectSkeleton *object, gboolean unsaved)
{
	g_autoptr(VksBusSession1) bus = vks_bus_object_get_session1(VKS_BUS_OBJECT(object));

	vks_bus_session1_set_unsaved_changes(bus, unsaved);
}

void session_bus_show(VksBusObjectSkeleton *object, const View *view)
{
	g_autoptr(VksBusSession1) bus = vks_bus_object_get_session1(VKS_BUS_OBJECT(object));
	const VksSessionInfo *info = view->info;

	vks_bus_session1_set_state(bus, vks_state_name(view->state));
	vks_bus_session1_set_attached(bus, info->attached);
	vks_bus_session1_set_display(bus, info->display ? info->display : "");
	vks_bus_session1_set_windows(bus, view->windows);
	vks_bus_session1_set_commands(bus, (const char *const *)info->commands);
	vks_bus_session1_set_memory_bytes(bus, info->memory_bytes);
	vks_bus_session1_set_memory_used_bytes(bus, view->memory_used);
	vks_bus_session1_set_disk_bytes(bus, info->disk_bytes);
	vks_bus_session1_set_saves(bus, view->saves);
	vks_bus_session1_set_last_save(bus, info->last_save);
	vks_bus_session1_set_last_save_time(bus, (guint64)MAX(info->last_save_us, 0));
	vks_bus_session1_set_thumbnail(bus, view->thumbnail);
	vks_bus_session1_set_encryption(bus, vks_encryption_name(info->encryption));
	vks_bus_session1_set_restore(bus, view->restore);
	vks_bus_session1_set_problem(bus, view->problem);
}
