/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/encryption.h"
#include "vksession/image-fit.h"
#include "vksession/kernels.h"
#include "vksession/session.h"
#include "vksession/store.h"

static void session_info_free(gpointer data)
{
	VksSessionInfo *info = data;

	g_free(info->name);
	g_free(info->id);
	g_free(info->display);
	g_strfreev(info->commands);
	if (info->programs)
		g_ptr_array_unref(info->programs);
	g_free(info->problem);
	g_free(info);
}

static void save_info_free(gpointer data)
{
	VksSaveInfo *info = data;

	vks_manifest_free(info->manifest);
	vks_image_free(info->image);
	g_free(info->problem);
	g_free(info->locked);
	g_free(info);
}

static char **command_lines(const VksRecord *record)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new();

	for (guint i = 0; i < record->commands->len; i++) {
		const VksCommand *command = record->commands->pdata[i];

		g_ptr_array_add(lines, g_strjoinv(" ", command->argv));
	}
	g_ptr_array_add(lines, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&lines), FALSE);
}

static void fill_saves(const VksSession *session, VksSessionInfo *info)
{
	g_autoptr(GArray) numbers = vks_store_numbers(session->saves_dir, NULL);
	g_autoptr(VksManifest) newest = vks_session_newest(session);

	info->n_saves = numbers ? numbers->len : 0;
	if (info->n_saves > 0)
		info->last_save = g_array_index(numbers, guint, numbers->len - 1);
	if (newest)
		info->last_save_us = newest->utc_us;
	info->disk_bytes = vks_tree_usage(session->dir);
}

static void fill_running(const VksSession *session, VksSessionInfo *info, gboolean with_programs)
{
	XpViewerStatus *viewer;
	g_autoptr(GError) cause = NULL;

	if (!session->running)
		return;
	info->vkernel_pid = session->status.vkernel_pid;
	info->started_us = session->status.started_us;
	viewer = session->backend->viewer_status(session->run_dir);
	info->attached = viewer != NULL;
	info->display = viewer ? g_strdup(viewer->display) : NULL;
	session->backend->viewer_status_free(viewer);
	if (!with_programs)
		return;
	info->programs = session->backend->list(session->run_dir, &cause);
	if (!info->programs)
		info->problem = g_strdup_printf("it does not answer: %s", cause->message);
}

static VksSessionInfo *inspect(Vks *vks, const char *name, gboolean with_programs, GError **error)
{
	g_autoptr(VksSession)
		session = vks_session_find(vks, name, VKS_SESSION_RECORD_OPTIONAL, error);
	VksSessionInfo *info;

	if (!session)
		return NULL;
	info = g_new0(VksSessionInfo, 1);
	info->name = g_strdup(name);
	info->state = vks_session_state(session);
	info->encryption = session->encryption;
	fill_saves(session, info);
	fill_running(session, info, with_programs);
	if (!session->record) {
		info->id = g_strdup("");
		info->commands = g_new0(char *, 1);
		g_free(info->problem);
		info->problem = g_strdup("session.json is damaged, and no save is valid");
		return info;
	}
	info->id = g_strdup(session->record->id);
	info->created_us = session->record->created_us;
	info->memory_bytes = session->record->memory_bytes;
	info->cpus = session->record->cpus;
	info->network = session->record->network;
	info->commands = command_lines(session->record);
	return info;
}

GPtrArray *vks_list(Vks *vks, const char *name, gboolean with_programs, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(session_info_free);
	g_autoptr(GPtrArray) names = NULL;

	if (name) {
		names = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(names, g_strdup(name));
	} else {
		g_autoptr(GError) cause = NULL;

		names = vks_session_names(vks, &cause);
		if (!names) {
			vks_error_complete(error, g_steal_pointer(&cause),
					   "nothing was changed; check the store at %s",
					   vks->store_dir);
			return NULL;
		}
	}
	for (guint i = 0; i < names->len; i++) {
		g_autoptr(GError) cause = NULL;
		VksSessionInfo *info = inspect(vks, names->pdata[i], with_programs, &cause);

		if (info) {
			g_ptr_array_add(list, info);
		} else if (name) {
			g_propagate_error(error, g_steal_pointer(&cause));
			return NULL;
		}
		/* Without a name: one that was dropped while we looked is no error. */
	}
	return g_steal_pointer(&list);
}

static void open_save(const VksSession *session, VksSaveInfo *info, GError **error)
{
	info->encrypted = info->manifest->seal.id != NULL;
	if (session->sealing && !vks_manifest_unlock(info->manifest, session->sealing, error))
		return;
	if (vks_manifest_is_locked(info->manifest))
		info->locked = g_strdup_printf("session %s is locked", session->name);
	else
		info->image = vks_image_load(session->saves_dir, info->manifest, error);
}

static VksSaveInfo *inspect_save(const VksSession *session, guint number)
{
	g_autofree char *dir = vks_store_path(session->saves_dir, number, NULL);
	g_autoptr(GError) cause = NULL;
	VksSaveInfo *info = g_new0(VksSaveInfo, 1);

	info->number = number;
	info->disk_bytes = vks_tree_usage(dir);
	info->manifest = vks_store_load(session->saves_dir, number, &cause);
	if (info->manifest)
		open_save(session, info, &cause);
	if (cause)
		info->problem = g_strdup(cause->message);
	return info;
}

static GPtrArray *inspect_saves(const VksSession *session, guint number, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(save_info_free);
	g_autoptr(GArray) numbers = NULL;
	g_autoptr(GError) cause = NULL;

	numbers = vks_store_numbers(session->saves_dir, &cause);
	if (!numbers) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was changed; check the store");
		return NULL;
	}
	for (guint i = 0; i < numbers->len; i++) {
		guint found = g_array_index(numbers, guint, i);

		if (number == 0 || number == found)
			g_ptr_array_add(list, inspect_save(session, found));
	}
	if (number && list->len == 0) {
		vks_session_set_no_save(session, number, error);
		return NULL;
	}
	return g_steal_pointer(&list);
}

GPtrArray *vks_list_saves(Vks *vks, const char *name, GError **error)
{
	g_autoptr(VksSession)
		session = vks_session_find(vks, name, VKS_SESSION_RECORD_OPTIONAL, error);

	return session ? inspect_saves(session, 0, error) : NULL;
}

/** Progress of the save that is being verified. */
typedef struct {
	const VksControl *control;
	guint64 total;
	char stage[32];
} Verify;

static void report_verify(guint64 bytes, gpointer user_data)
{
	Verify *verify = user_data;

	vks_control_report(verify->control, verify->stage, bytes, verify->total);
}

static gboolean verify_save(const VksSession *session, VksSaveInfo *info, const VksControl *control,
			    GError **error)
{
	Verify verify = { .control = control };
	g_autoptr(GError) cause = NULL;
	g_autofree char *kernel = NULL;

	if (!info->manifest)
		return TRUE;
	g_snprintf(verify.stage, sizeof(verify.stage), "checking save %u", info->number);
	for (guint i = 0; i < info->manifest->parts->len; i++)
		verify.total += ((const VksPart *)info->manifest->parts->pdata[i])->size;
	if (vks_store_verify(session->saves_dir, info->manifest, report_verify, &verify,
			     vks_control_cancellable(control), &cause))
		kernel = vks_kernels_get(session->vks->store_dir, info->manifest->kernel_hash,
					 &cause);
	if (kernel && info->image)
		vks_image_check_kernel(info->image, kernel, &cause);
	if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was changed; verify again with: vksession verify %s",
				   session->name);
		return FALSE;
	}
	info->verified = !info->locked;
	if (cause) {
		g_free(info->problem);
		info->problem = g_strdup(cause->message);
	}
	return TRUE;
}

/* Nobody may remove or rewrite what is being read; saving goes on. */
static int lock_for_reading(const VksSession *session, GError **error)
{
	g_autoptr(GError) cause = NULL;
	int lock = vks_session_lock_saves(session, "verify", FALSE, &cause);

	if (lock < 0)
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was changed; check the store");
	return lock;
}

GPtrArray *vks_verify(Vks *vks, const char *name, guint number, const VksControl *control,
		      GError **error)
{
	g_autoptr(VksSession)
		session = vks_session_find(vks, name, VKS_SESSION_RECORD_OPTIONAL, error);
	autofd lock = session ? lock_for_reading(session, error) : -1;
	g_autoptr(GPtrArray) list = NULL;
	g_autoptr(GError) locked = NULL;

	if (lock < 0)
		return NULL;
	/* Without the key, what is in the files is compared with its checksums all the same. */
	vks_session_unlock(session, &locked);
	list = inspect_saves(session, number, error);
	for (guint i = 0; list && i < list->len; i++) {
		VksSaveInfo *info = list->pdata[i];

		if (info->locked && locked) {
			g_free(info->locked);
			info->locked = g_strdup(locked->message);
		}
		if (!verify_save(session, info, control, error))
			return NULL;
	}
	return g_steal_pointer(&list);
}

char *vks_log_path(Vks *vks, const char *name, GError **error)
{
	g_autoptr(VksSession)
		session = vks_session_find(vks, name, VKS_SESSION_RECORD_OPTIONAL, error);

	return session ? g_strdup(session->log_path) : NULL;
}
