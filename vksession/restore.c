/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/restore.h"

#include <string.h>

#include "vksession/session.h"
#include "vksession/store.h"

static const char *const policies[] = { VKS_RESTORE_ALWAYS, VKS_RESTORE_ASK, VKS_RESTORE_NEVER,
					NULL };

/* Reasons of saves that are made because the login, the machine or its power is about to end. */
static const char *const ends[] = { "shutdown", "logout", "sleep", "lid", "battery", NULL };

static void restore_free(gpointer data)
{
	VksRestore *restore = data;

	g_free(restore->name);
	g_free(restore);
}

/* NULL unless a session was running when the login ended, and is to be restored. */
static VksRestore *restore_new(const VksSession *session)
{
	g_autoptr(VksManifest) newest = vks_session_newest(session);
	VksState state = vks_session_state(session);
	gboolean for_end;
	VksRestore *restore;

	if (!newest || !session->record || strcmp(session->record->restore, VKS_RESTORE_NEVER) == 0)
		return NULL;
	for_end = g_strv_contains(ends, newest->reason) &&
		  strcmp(newest->run_id, session->record->run_id) == 0;
	if (state != VKS_STATE_CRASHED && !(state == VKS_STATE_SAVED && for_end))
		return NULL;
	restore = g_new(VksRestore, 1);
	*restore = (VksRestore){
		.name = g_strdup(session->name),
		.ask = strcmp(session->record->restore, VKS_RESTORE_ASK) == 0,
		.crashed = state == VKS_STATE_CRASHED && !for_end,
		.shown = vks_manifest_part(newest, VKS_PART_LAYOUT) != NULL,
		.saved_us = newest->utc_us,
	};
	return restore;
}

static int compare_importance(gconstpointer a, gconstpointer b)
{
	const VksRestore *first = *(VksRestore *const *)a, *second = *(VksRestore *const *)b;

	if (first->shown != second->shown)
		return first->shown ? -1 : 1;
	return (first->saved_us > second->saved_us) - (first->saved_us < second->saved_us);
}

GPtrArray *vks_restore_list(Vks *vks, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(restore_free);
	g_autoptr(GError) cause = NULL;
	g_autoptr(GPtrArray) names = vks_session_names(vks, &cause);

	if (!names) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was changed; check the store at %s", vks->store_dir);
		return NULL;
	}
	for (guint i = 0; i < names->len; i++) {
		g_autoptr(VksSession) session = vks_session_find(vks, names->pdata[i], 0, NULL);
		VksRestore *restore = session ? restore_new(session) : NULL;

		if (restore)
			g_ptr_array_add(list, restore);
	}
	g_ptr_array_sort(list, compare_importance);
	return g_steal_pointer(&list);
}

gboolean vks_restore_set(Vks *vks, const char *name, const char *policy, GError **error)
{
	g_autoptr(VksSession) session = NULL;
	g_autoptr(GError) cause = NULL;

	if (!g_strv_contains(policies, policy)) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
			    "\"%.32s\" is no policy; nothing was changed; use always, ask or never",
			    policy);
		return FALSE;
	}
	session = vks_session_lock(vks, name, "settings", VKS_SESSION_WAIT, error);
	if (!session)
		return FALSE;
	g_free(session->record->restore);
	session->record->restore = g_strdup(policy);
	if (vks_record_store(session->record, session->record_path, &cause))
		return TRUE;
	vks_error_complete(error, g_steal_pointer(&cause),
			   "the session is as before; make room or check the store");
	return FALSE;
}
