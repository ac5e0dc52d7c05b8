/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/view.h"

#include <string.h>
#include <unistd.h>

#include "vksession/activity.h"
#include "vksession/durable.h"
#include "vksession/lock.h"
#include "vksession/scope.h"
#include "vksession/session.h"
#include "vksession/store.h"

static GVariant *text(const char *string)
{
	g_autofree char *valid = g_utf8_make_valid(string ? string : "", -1);

	return g_variant_new_string(valid);
}

static void look_at_windows(View *view, const VksSession *session)
{
	XpViewerStatus *viewer = session->backend->viewer_status(session->run_dir);
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(ssiiuu)"));
	for (guint i = 0; viewer && viewer->windows && i < viewer->windows->len; i++) {
		const XpWindow *window = viewer->windows->pdata[i];

		if (xp_window_is_up(window))
			g_variant_builder_add(&builder, "(@s@siiuu)", text(window->title),
					      text(window->wm_class), window->x, window->y,
					      (guint)MAX(window->width, 0),
					      (guint)MAX(window->height, 0));
	}
	view->windows = g_variant_ref_sink(g_variant_builder_end(&builder));
	view->viewer_pid = viewer ? viewer->viewer_pid : 0;
	session->backend->viewer_status_free(viewer);
}

static void look_at_processes(View *view, const VksSession *session)
{
	g_autoptr(GArray) pids = NULL;

	if (!session->running)
		return;
	view->launcher_pid = session->status.launcher_pid;
	pids = vks_process_tree(view->launcher_pid);
	view->work_us = vks_activity_since_note(session->run_dir, vks_processes_cpu_us(pids));
	view->memory_used = vks_processes_memory(pids);
}

/*
 * Who started the session may have had no systemd to ask: it comes to a bus that has just begun
 * only after a while.
 */
static void keep_apart(const View *view, const VksSession *session)
{
	g_autoptr(GArray) pids = NULL;
	g_autoptr(GArray) viewer_pids = NULL;

	if (!view->launcher_pid)
		return;
	pids = vks_process_tree(view->launcher_pid);
	viewer_pids = vks_process_tree(view->viewer_pid);
	g_array_append_vals(pids, viewer_pids->data, viewer_pids->len);
	vks_scope_enter(session->name, session->status.memory_bytes, pids);
}

/* How it looked when the viewer was last asked; of one that does not run, at its last save. */
static void look_at_thumbnail(View *view, const VksSession *session)
{
	g_autofree char *current = g_build_filename(session->run_dir, VKS_PART_THUMBNAIL, NULL);
	gsize n = g_variant_n_children(view->saves);
	g_autoptr(GVariant) details = NULL;
	const char *saved = "";

	if (session->running && access(current, R_OK) == 0) {
		view->thumbnail = g_utf8_make_valid(current, -1);
		return;
	}
	if (n > 0) {
		g_variant_get_child(view->saves, n - 1, "(utts@a{sv})", NULL, NULL, NULL, NULL,
				    &details);
		g_variant_lookup(details, "thumbnail", "&s", &saved);
	}
	view->thumbnail = g_strdup(saved);
}

static void look_at_record(View *view, const VksSession *session)
{
	view->restore = g_strdup(session->record ? session->record->restore : "never");
}

/* Of which not all saves tell. */
static GVariant *save_details(const VksManifest *manifest, const char *dir)
{
	const VksFigures *figures = &manifest->figures;
	g_autofree char *thumbnail = g_build_filename(dir, VKS_PART_THUMBNAIL, NULL);
	g_auto(GVariantDict) details = G_VARIANT_DICT_INIT(NULL);

	/* An encrypted one could be shown to nobody. */
	if (!manifest->seal.id && vks_manifest_part(manifest, VKS_PART_THUMBNAIL))
		g_variant_dict_insert_value(&details, "thumbnail", text(thumbnail));
	g_variant_dict_insert(&details, "pause_us", "t",
			      figures->quiesce_us + figures->dump_us + figures->resume_us);
	if (figures->total_us) {
		g_variant_dict_insert(&details, "total_us", "t", figures->total_us);
		g_variant_dict_insert(&details, "written_bytes", "t", figures->written_bytes);
	}
	return g_variant_dict_end(&details);
}

static GVariant *describe_save(View *view, const VksSession *session, guint number)
{
	g_autofree char *dir = vks_store_path(session->saves_dir, number, NULL);
	g_autoptr(GError) cause = NULL;
	g_autoptr(VksManifest) manifest = vks_store_load(session->saves_dir, number, &cause);

	if (!manifest && !*view->problem) {
		g_free(view->problem);
		view->problem = g_strdup_printf("save %u: %s", number, cause->message);
	}
	return g_variant_new("(utt@s@a{sv})", number,
			     manifest ? (guint64)MAX(manifest->utc_us, 0) : 0, vks_tree_usage(dir),
			     text(manifest ? manifest->reason : ""),
			     manifest ? save_details(manifest, dir) : g_variant_new("a{sv}", NULL));
}

static void look_at_saves(View *view, const VksSession *session)
{
	g_autoptr(GArray) numbers = vks_store_numbers(session->saves_dir, NULL);
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(uttsa{sv})"));
	for (guint i = 0; numbers && i < numbers->len; i++)
		g_variant_builder_add_value(
			&builder, describe_save(view, session, g_array_index(numbers, guint, i)));
	view->saves = g_variant_ref_sink(g_variant_builder_end(&builder));
}

/* What the holder of a session's lock is about. */
static const struct {
	const char *holder, *activity;
} activities[] = {
	{ "run", "starting" },	{ "save", "saving" },	   { "thaw", "thawing" },
	{ "stop", "stopping" }, { "rollback", "thawing" },
};

static void look_at_activity(View *view, const VksSession *session)
{
	g_autofree char *lock =
		g_build_filename(session->vks->store_dir, ".locks", view->name, NULL);
	g_autofree char *holder = vks_lock_holder(lock);
	const char *activity = "";

	for (gsize i = 0; holder && i < G_N_ELEMENTS(activities); i++) {
		if (strcmp(activities[i].holder, holder) == 0)
			activity = activities[i].activity;
	}
	view->activity = g_strdup(activity);
	view->state = view->info->state;
	/* In the store it counts as running before it does run, and for a moment after. */
	if (view->state == VKS_STATE_CRASHED && *activity)
		view->state = view->info->n_saves && strcmp(activity, "stopping") != 0
				      ? VKS_STATE_SAVED
				      : VKS_STATE_STOPPED;
}

View *view_new(Vks *vks, const char *name)
{
	View *view = g_new0(View, 1);
	g_autoptr(VksSession) session = NULL;

	view->looked_us = g_get_monotonic_time();
	view->name = g_strdup(name);
	view->list = vks_list(vks, name, FALSE, NULL);
	session = vks_session_find(vks, name, VKS_SESSION_RECORD_OPTIONAL, NULL);
	if (!session || !view->list || view->list->len == 0)
		return view;
	view->info = view->list->pdata[0];
	view->problem = g_strdup(view->info->problem ? view->info->problem : "");
	look_at_windows(view, session);
	look_at_processes(view, session);
	keep_apart(view, session);
	look_at_record(view, session);
	look_at_saves(view, session);
	look_at_thumbnail(view, session);
	look_at_activity(view, session);
	return view;
}

void view_free(View *view)
{
	if (!view)
		return;
	g_free(view->name);
	g_clear_pointer(&view->list, g_ptr_array_unref);
	g_clear_pointer(&view->windows, g_variant_unref);
	g_clear_pointer(&view->saves, g_variant_unref);
	g_free(view->activity);
	g_free(view->thumbnail);
	g_free(view->restore);
	g_free(view->problem);
	g_free(view);
}
