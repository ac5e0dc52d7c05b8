/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   begin   - The job is shown, and its thread started, unless background work on the same session
 *             is under way: then it waits behind that.
 *   work    - In the thread. Progress is left under a mutex, and a timer of the main loop publishes
 *             it, so that no bus is flooded. Afterwards the thread looks at the sessions it
 *             touched: who hears that a job has finished finds the sessions as they are then.
 *   finish  - In the main loop: sessions, then the job's properties, then its signal.
 *   forget  - A minute later the object goes.
 */
#include "vksession/daemon/job.h"

#include <string.h>

#include "vksession/daemon/bus.h"
#include "vksession/daemon/registry.h"

#define PUBLISH_MS 100u
#define FORGET_S   60u

struct Jobs {
	Daemon *daemon;
	GQueue active; /* of Job, oldest first: waiting and under way */
	GQueue ended;  /* of Job, until they are forgotten */
	guint64 count;
	void (*drained)(gpointer user_data);
	gpointer drained_data;
};

typedef struct {
	Jobs *jobs;
	const WorkKind *kind;
	Request *request;
	gboolean background;
	char *path;
	VksBusObjectSkeleton *object;
	VksBusJob1 *bus;
	GCancellable *cancellable;
	GThread *thread;	/* NULL while it waits */
	GHashTable *activities; /* session -> what this job does with it now */
	guint forget_source;

	GMutex mutex; /* of the progress */
	char *stage;
	guint64 done, total;
	guint publish_source;

	/* What the thread leaves behind. */
	GVariant *result;
	GError *error;
	GPtrArray *touched; /* of char *: sessions that it worked on */
	GPtrArray *views;
} Job;

static void job_free(Job *job)
{
	g_clear_handle_id(&job->forget_source, g_source_remove);
	g_clear_handle_id(&job->publish_source, g_source_remove);
	g_dbus_object_manager_server_unexport(job->jobs->daemon->objects, job->path);
	request_free(job->request);
	g_object_unref(job->object);
	g_object_unref(job->bus);
	g_object_unref(job->cancellable);
	g_hash_table_unref(job->activities);
	g_clear_pointer(&job->result, g_variant_unref);
	g_clear_error(&job->error);
	g_ptr_array_unref(job->touched);
	g_clear_pointer(&job->views, g_ptr_array_unref);
	g_mutex_clear(&job->mutex);
	g_free(job->stage);
	g_free(job->path);
	g_free(job);
}

/* --- activity --- */

static void update_activity(Jobs *jobs, const char *session)
{
	const char *activity = NULL;

	for (GList *link = jobs->active.head; link && !activity; link = link->next)
		activity = g_hash_table_lookup(((Job *)link->data)->activities, session);
	registry_set_activity(jobs->daemon->registry, session, activity ? activity : "");
}

static void set_activity(Job *job, const char *session, const char *activity)
{
	if (*activity)
		g_hash_table_insert(job->activities, g_strdup(session), g_strdup(activity));
	else
		g_hash_table_remove(job->activities, session);
	update_activity(job->jobs, session);
}

typedef struct {
	Job *job;
	char *session, *activity;
} ActivityNote;

/* Main loop. The job is still there: its end comes through the same queue, later. */
static gboolean take_activity(gpointer user_data)
{
	ActivityNote *note = user_data;

	set_activity(note->job, note->session, note->activity);
	if (!*note->activity)
		registry_look(note->job->jobs->daemon->registry, note->session);
	g_free(note->session);
	g_free(note->activity);
	g_free(note);
	return G_SOURCE_REMOVE;
}

static void note_activity(const char *session, const char *activity, gpointer user_data)
{
	ActivityNote *note = g_new(ActivityNote, 1);

	note->job = user_data;
	note->session = g_strdup(session);
	note->activity = g_strdup(activity);
	g_idle_add_full(G_PRIORITY_DEFAULT, take_activity, note, NULL);
}

/* --- progress --- */

static gboolean publish(gpointer user_data)
{
	Job *job = user_data;
	g_autofree char *stage = NULL;
	guint64 done, total;

	g_mutex_lock(&job->mutex);
	job->publish_source = 0;
	stage = g_strdup(job->stage);
	done = job->done;
	total = job->total;
	g_mutex_unlock(&job->mutex);
	vks_bus_job1_set_stage(job->bus, stage);
	vks_bus_job1_set_done(job->bus, done);
	vks_bus_job1_set_total(job->bus, total);
	return G_SOURCE_REMOVE;
}

static void on_progress(const char *stage, guint64 done, guint64 total, gpointer user_data)
{
	Job *job = user_data;

	g_mutex_lock(&job->mutex);
	if (strcmp(job->stage, stage) != 0) {
		g_free(job->stage);
		job->stage = g_strdup(stage);
	}
	job->done = done;
	job->total = total;
	if (!job->publish_source)
		job->publish_source = g_timeout_add(PUBLISH_MS, publish, job);
	g_mutex_unlock(&job->mutex);
}

/* --- finish --- */

static gboolean forget(gpointer user_data)
{
	Job *job = user_data;

	job->forget_source = 0;
	g_queue_remove(&job->jobs->ended, job);
	job_free(job);
	return G_SOURCE_REMOVE;
}

static void show_end(Job *job)
{
	gboolean cancelled = job->error && g_cancellable_is_cancelled(job->cancellable);
	const char *state = cancelled ? "cancelled" : job->error ? "failed" : "done";

	g_mutex_lock(&job->mutex);
	g_clear_handle_id(&job->publish_source, g_source_remove);
	g_mutex_unlock(&job->mutex);
	publish(job);
	vks_bus_job1_set_result(job->bus, job->result);
	if (job->error) {
		vks_bus_job1_set_error_name(job->bus, cancelled ? VKS_BUS_CANCELLED
								: vks_bus_error_name(job->error));
		vks_bus_job1_set_error_message(job->bus, job->error->message);
	}
	vks_bus_job1_set_state(job->bus, state);
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(job->bus));
	vks_bus_job1_emit_finished(job->bus, state);
}

static void show_views(Job *job)
{
	Registry *registry = job->jobs->daemon->registry;

	for (guint i = 0; i < job->views->len; i++) {
		View *view = job->views->pdata[i];
		g_autofree char *name = g_strdup(view->name);

		registry_show(registry, view);
		registry_flush(registry, name);
	}
	g_ptr_array_set_free_func(job->views, NULL);
	g_ptr_array_set_size(job->views, 0);
}

static void begin_waiting(Jobs *jobs);

static gboolean is_saving(const WorkKind *kind)
{
	return kind == &work_save || kind == &work_save_all || kind == &work_rollback;
}

/* What saves left to be put in order, when nobody waits for the session. */
static void prune_after(Jobs *jobs, const Job *job)
{
	if (!is_saving(job->kind) || job->error || job->request->stop || jobs->drained)
		return;
	for (guint i = 0; i < job->touched->len; i++) {
		if (!jobs_busy(jobs, job->touched->pdata[i]))
			jobs_begin(jobs, &work_prune, request_new(job->touched->pdata[i]), TRUE);
	}
}

static gboolean finish(gpointer user_data)
{
	Job *job = user_data;
	Jobs *jobs = job->jobs;
	GHashTableIter iter;
	gpointer session;

	g_clear_pointer(&job->thread, g_thread_join);
	g_queue_remove(&jobs->active, job);
	g_queue_push_tail(&jobs->ended, job);
	/* No longer one of the active: what others do with the sessions is what counts now. */
	g_hash_table_iter_init(&iter, job->activities);
	while (g_hash_table_iter_next(&iter, &session, NULL))
		update_activity(jobs, session);
	show_views(job);
	show_end(job);
	job->forget_source = g_timeout_add_seconds(FORGET_S, forget, job);
	begin_waiting(jobs);
	prune_after(jobs, job);
	if (jobs->drained && g_queue_is_empty(&jobs->active))
		jobs->drained(jobs->drained_data);
	return G_SOURCE_REMOVE;
}

/* --- work --- */

static gpointer work_in_thread(gpointer user_data)
{
	Job *job = user_data;
	Daemon *daemon = job->jobs->daemon;
	g_auto(GVariantDict) result = G_VARIANT_DICT_INIT(NULL);
	Work work = {
		.vks = daemon->vks,
		.request = job->request,
		.control = { .progress = on_progress,
			     .user_data = job,
			     .cancellable = job->cancellable },
		.result = &result,
		.note_activity = note_activity,
		.user_data = job,
		.touched = job->touched,
	};

	if (job->request->session)
		g_ptr_array_add(job->touched, g_strdup(job->request->session));
	work_do(job->kind, &work, &job->error);
	job->result = g_variant_ref_sink(g_variant_dict_end(&result));
	for (guint i = 0; i < job->touched->len; i++)
		g_ptr_array_add(job->views, view_new(daemon->vks, job->touched->pdata[i]));
	g_idle_add_full(G_PRIORITY_DEFAULT, finish, job, NULL);
	return NULL;
}

static void start(Job *job)
{
	vks_bus_job1_set_stage(job->bus, "");
	if (job->request->session && *job->kind->activity)
		set_activity(job, job->request->session, job->kind->activity);
	job->thread = g_thread_new(job->kind->name, work_in_thread, job);
}

/* --- begin --- */

/* Whether background work that a job has to wait for is under way. */
static Job *find_ahead(const Jobs *jobs, const Job *job)
{
	for (GList *link = jobs->active.head; link; link = link->next) {
		Job *other = link->data;

		if (other != job && other->background && other->thread && job->request->session &&
		    g_strcmp0(other->request->session, job->request->session) == 0)
			return other;
	}
	return NULL;
}

static void begin_waiting(Jobs *jobs)
{
	for (GList *link = jobs->active.head; link; link = link->next) {
		Job *job = link->data;

		if (!job->thread && !find_ahead(jobs, job))
			start(job);
	}
}

static gboolean on_cancel(VksBusJob1 *bus, GDBusMethodInvocation *invocation, gpointer user_data)
{
	Job *job = user_data;

	vks_bus_job1_set_cancelling(job->bus, TRUE);
	g_cancellable_cancel(job->cancellable);
	vks_bus_job1_complete_cancel(bus, invocation);
	return TRUE;
}

static void export(Job *job)
{
	job->object = vks_bus_object_skeleton_new(job->path);
	job->bus = vks_bus_job1_skeleton_new();
	vks_bus_job1_set_kind(job->bus, job->kind->name);
	vks_bus_job1_set_session(job->bus, job->request->session ? job->request->session : "");
	vks_bus_job1_set_state(job->bus, "running");
	vks_bus_job1_set_stage(job->bus, "waiting");
	vks_bus_job1_set_started(job->bus, (guint64)g_get_real_time());
	vks_bus_job1_set_result(job->bus, g_variant_new("a{sv}", NULL));
	vks_bus_job1_set_error_name(job->bus, "");
	vks_bus_job1_set_error_message(job->bus, "");
	g_signal_connect(job->bus, "handle-cancel", G_CALLBACK(on_cancel), job);
	vks_bus_object_skeleton_set_job1(job->object, job->bus);
	g_dbus_object_manager_server_export(job->jobs->daemon->objects,
					    G_DBUS_OBJECT_SKELETON(job->object));
}

const char *jobs_begin(Jobs *jobs, const WorkKind *kind, Request *request, gboolean background)
{
	Job *job = g_new0(Job, 1);
	Job *ahead;

	job->jobs = jobs;
	job->kind = kind;
	job->request = request;
	job->background = background;
	job->path = g_strdup_printf(VKS_BUS_PATH "/job/%" G_GUINT64_FORMAT, ++jobs->count);
	job->cancellable = g_cancellable_new();
	job->activities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	job->touched = g_ptr_array_new_with_free_func(g_free);
	job->views = g_ptr_array_new_with_free_func((GDestroyNotify)view_free);
	job->stage = g_strdup("");
	g_mutex_init(&job->mutex);
	export(job);
	g_queue_push_tail(&jobs->active, job);
	vks_bus_manager1_emit_job_added(jobs->daemon->manager, job->path, kind->name,
					request->session ? request->session : "");
	ahead = find_ahead(jobs, job);
	if (!ahead)
		start(job);
	else if (kind == &work_stop || ahead->kind == &work_prune)
		g_cancellable_cancel(ahead->cancellable);
	return job->path;
}

/* --- all jobs --- */

Jobs *jobs_new(Daemon *daemon)
{
	Jobs *jobs = g_new0(Jobs, 1);

	jobs->daemon = daemon;
	vks_set_ask(daemon->vks, work_ask, NULL);
	g_queue_init(&jobs->active);
	g_queue_init(&jobs->ended);
	return jobs;
}

void jobs_free(Jobs *jobs)
{
	Job *job;

	if (!jobs)
		return;
	while (!g_queue_is_empty(&jobs->active))
		g_main_context_iteration(NULL, TRUE);
	while ((job = g_queue_pop_head(&jobs->ended)))
		job_free(job);
	g_free(jobs);
}

gboolean jobs_busy(const Jobs *jobs, const char *session)
{
	for (GList *link = jobs->active.head; link; link = link->next) {
		const Job *job = link->data;

		if (!session || !job->request->session ||
		    strcmp(job->request->session, session) == 0)
			return TRUE;
	}
	return FALSE;
}

void jobs_drain(Jobs *jobs, void (*drained)(gpointer user_data), gpointer user_data)
{
	jobs->drained = drained;
	jobs->drained_data = user_data;
	for (GList *link = jobs->active.head; link; link = link->next) {
		Job *job = link->data;

		if (job->background)
			g_cancellable_cancel(job->cancellable);
	}
	if (g_queue_is_empty(&jobs->active))
		drained(user_data);
}
