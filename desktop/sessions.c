/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/sessions.h"

#define BUS_NAME "org.vksession"
#define BUS_PATH "/org/vksession"

struct _DesktopSessions {
	GObject parent;
	GDBusObjectManager *objects; /* NULL until it has answered */
	VksBusManager1 *manager;
	GCancellable *cancellable;
	guint changed_source; /* many properties change at once; one signal for all */
};

G_DEFINE_FINAL_TYPE(DesktopSessions, desktop_sessions, G_TYPE_OBJECT)

enum { CHANGED, JOB_BEGAN, JOB_ENDED, N_SIGNALS };
static guint signals[N_SIGNALS];

static gboolean tell_changed(gpointer user_data)
{
	DesktopSessions *self = user_data;

	self->changed_source = 0;
	g_signal_emit(self, signals[CHANGED], 0);
	return G_SOURCE_REMOVE;
}

static void note_change(DesktopSessions *self)
{
	if (!self->changed_source)
		self->changed_source = g_idle_add(tell_changed, self);
}

static void on_job_finished(VksBusJob1 *job, const char *state, gpointer user_data)
{
	g_signal_emit(user_data, signals[JOB_ENDED], 0, job);
}

static void follow_job(DesktopSessions *self, VksBusJob1 *job)
{
	if (g_strcmp0(vks_bus_job1_get_state(job), "running") != 0) {
		g_signal_emit(self, signals[JOB_ENDED], 0, job);
		return;
	}
	g_signal_connect_object(job, "finished", G_CALLBACK(on_job_finished), self, 0);
	g_signal_emit(self, signals[JOB_BEGAN], 0, job);
}

/*
 * The login brings sessions back before the tray is there: what came of that is told also by one
 * who was too late to see it.
 */
static void follow_earlier_jobs(DesktopSessions *self)
{
	GList *objects = g_dbus_object_manager_get_objects(self->objects);

	for (GList *l = objects; l; l = l->next) {
		g_autoptr(VksBusJob1) job = vks_bus_object_get_job1(l->data);

		if (job && (g_strcmp0(vks_bus_job1_get_state(job), "running") == 0 ||
			    g_strcmp0(vks_bus_job1_get_kind(job), "restore") == 0))
			follow_job(self, job);
	}
	g_list_free_full(objects, g_object_unref);
}

static void on_object_added(GDBusObjectManager *objects, GDBusObject *object, gpointer user_data)
{
	DesktopSessions *self = user_data;
	g_autoptr(VksBusJob1) job = vks_bus_object_get_job1(VKS_BUS_OBJECT(object));

	if (job)
		follow_job(self, job);
	else
		note_change(self);
}

static void on_object_removed(GDBusObjectManager *objects, GDBusObject *object, gpointer user_data)
{
	note_change(user_data);
}

static void on_properties_changed(GDBusObjectManagerClient *objects, GDBusObjectProxy *object,
				  GDBusProxy *proxy, GVariant *changed,
				  const char *const *invalidated, gpointer user_data)
{
	if (VKS_BUS_IS_SESSION1(proxy))
		note_change(user_data);
}

static void on_owner_changed(GObject *objects, GParamSpec *property, gpointer user_data)
{
	note_change(user_data);
}

static void on_manager(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	VksBusManager1 *manager = vks_bus_manager1_proxy_new_for_bus_finish(result, &error);
	DesktopSessions *self = user_data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (!manager) {
		g_warning("%s", error->message);
		return;
	}
	self->manager = manager;
	note_change(self);
}

static void on_objects(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	GDBusObjectManager *objects =
		vks_bus_object_manager_client_new_for_bus_finish(result, &error);
	DesktopSessions *self = user_data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (!objects) {
		g_warning("%s", error->message);
		return;
	}
	self->objects = objects;
	g_signal_connect_object(objects, "object-added", G_CALLBACK(on_object_added), self, 0);
	g_signal_connect_object(objects, "object-removed", G_CALLBACK(on_object_removed), self, 0);
	g_signal_connect_object(objects, "interface-proxy-properties-changed",
				G_CALLBACK(on_properties_changed), self, 0);
	g_signal_connect_object(objects, "notify::name-owner", G_CALLBACK(on_owner_changed), self,
				0);
	follow_earlier_jobs(self);
	note_change(self);
}

DesktopSessions *desktop_sessions_new(void)
{
	DesktopSessions *self = g_object_new(DESKTOP_TYPE_SESSIONS, NULL);

	vks_bus_object_manager_client_new_for_bus(G_BUS_TYPE_SESSION,
						  G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_NONE, BUS_NAME,
						  BUS_PATH, self->cancellable, on_objects, self);
	vks_bus_manager1_proxy_new_for_bus(G_BUS_TYPE_SESSION, G_DBUS_PROXY_FLAGS_NONE, BUS_NAME,
					   BUS_PATH, self->cancellable, on_manager, self);
	return self;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return g_utf8_collate(vks_bus_session1_get_name(*(VksBusSession1 *const *)a),
			      vks_bus_session1_get_name(*(VksBusSession1 *const *)b));
}

GPtrArray *desktop_sessions_list(DesktopSessions *self)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_object_unref);
	GList *objects;

	if (!desktop_sessions_available(self))
		return list;
	objects = g_dbus_object_manager_get_objects(self->objects);
	for (GList *l = objects; l; l = l->next) {
		VksBusSession1 *session = vks_bus_object_get_session1(l->data);

		if (session && vks_bus_session1_get_name(session))
			g_ptr_array_add(list, session);
		else
			g_clear_object(&session);
	}
	g_list_free_full(objects, g_object_unref);
	g_ptr_array_sort(list, compare_names);
	return list;
}

VksBusSession1 *desktop_sessions_find(DesktopSessions *self, const char *name)
{
	g_autoptr(GPtrArray) list = desktop_sessions_list(self);

	for (guint i = 0; i < list->len; i++) {
		if (g_strcmp0(vks_bus_session1_get_name(list->pdata[i]), name) == 0)
			return g_object_ref(list->pdata[i]);
	}
	return NULL;
}

VksBusManager1 *desktop_sessions_manager(DesktopSessions *self)
{
	return self->manager;
}

gboolean desktop_sessions_available(DesktopSessions *self)
{
	g_autofree char *owner = NULL;

	if (self->objects)
		owner = g_dbus_object_manager_client_get_name_owner(
			G_DBUS_OBJECT_MANAGER_CLIENT(self->objects));
	return owner != NULL;
}

static const char *known(const char *text)
{
	return text ? text : "";
}

void desktop_session_words(VksBusSession1 *session, WordsSession *words)
{
	*words = (WordsSession){
		.name = known(vks_bus_session1_get_name(session)),
		.state = known(vks_bus_session1_get_state(session)),
		.activity = known(vks_bus_session1_get_activity(session)),
		.problem = known(vks_bus_session1_get_problem(session)),
		.last_save_us = (gint64)vks_bus_session1_get_last_save_time(session),
		.unsaved = vks_bus_session1_get_unsaved_changes(session),
	};
}

void desktop_session_get_changes(VksBusSession1 *session, GAsyncReadyCallback answered,
				 gpointer user_data)
{
	gboolean runs = desktop_session_runs(session);

	g_dbus_proxy_call(G_DBUS_PROXY(session), runs ? "GetThawReport" : "PreviewThaw",
			  runs ? NULL : g_variant_new("(u)", 0), G_DBUS_CALL_FLAGS_NONE, -1, NULL,
			  answered, user_data);
}

gboolean desktop_session_runs(VksBusSession1 *session)
{
	return g_strcmp0(vks_bus_session1_get_state(session), "running") == 0;
}

static void desktop_sessions_dispose(GObject *object)
{
	DesktopSessions *self = DESKTOP_SESSIONS(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_object(&self->cancellable);
	g_clear_handle_id(&self->changed_source, g_source_remove);
	g_clear_object(&self->objects);
	g_clear_object(&self->manager);
	G_OBJECT_CLASS(desktop_sessions_parent_class)->dispose(object);
}

static void desktop_sessions_class_init(DesktopSessionsClass *class)
{
	GType type = G_TYPE_FROM_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = desktop_sessions_dispose;
	signals[CHANGED] = g_signal_new("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
					G_TYPE_NONE, 0);
	signals[JOB_BEGAN] = g_signal_new("job-began", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
					  G_TYPE_NONE, 1, VKS_BUS_TYPE_JOB1);
	signals[JOB_ENDED] = g_signal_new("job-ended", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
					  G_TYPE_NONE, 1, VKS_BUS_TYPE_JOB1);
}

static void desktop_sessions_init(DesktopSessions *self)
{
	self->cancellable = g_cancellable_new();
}
