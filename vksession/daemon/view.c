/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/view.h"

#include <string.h>
#include <unistd.h>

#include "vksession/activity.h"
#include "vksession/session.h"

/* Less than this is what looking at a guest that does nothing costs it. */
#define UNSAVED_CPU_US 50000u
#define THUMBNAIL_FILE "thumbnail.png"

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

		if (window->mapped)
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
	guint64 cpu_us;

	if (!session->running)
		return;
	view->launcher_pid = session->status.launcher_pid;
	pids = vks_process_tree(view->launcher_pid);
	cpu_us = vks_processes_cpu_us(pids);
	view->memory_used = vks_processes_memory(pids);
	view->unsaved = view->info->n_saves == 0 ||
			vks_activity_since_note(session->run_dir, cpu_us) > UNSAVED_CPU_US;
}

static void look_at_store(View *view, const VksSession *session)
{
	g_autofree char *thumbnail = g_build_filename(session->dir, THUMBNAIL_FILE, NULL);

	view->thumbnail = g_strdup(access(thumbnail, R_OK) == 0 ? thumbnail : "");
	view->restore = g_strdup(session->record ? session->record->restore : "never");
}

static void look_at_saves(View *view, Vks *vks)
{
	g_autoptr(GPtrArray) saves = vks_list_saves(vks, view->name, NULL);
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(utts)"));
	for (guint i = 0; saves && i < saves->len; i++) {
		const VksSaveInfo *save = saves->pdata[i];
		gint64 time_us = save->manifest ? save->manifest->utc_us : 0;

		g_variant_builder_add(&builder, "(utt@s)", save->number, (guint64)MAX(time_us, 0),
				      save->disk_bytes, text(save->manifest ? "manual" : ""));
		if (save->problem && !*view->problem) {
			g_free(view->problem);
			view->problem = g_strdup_printf("save %u: %s", save->number, save->problem);
		}
	}
	view->saves = g_variant_ref_sink(g_variant_builder_end(&builder));
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
	look_at_store(view, session);
	look_at_saves(view, vks);
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
	g_free(view->thumbnail);
	g_free(view->restore);
	g_free(view->problem);
	g_free(view);
}
