/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "launcher/autofd.h"
#include "vksession/consolidate.h"
#include "vksession/encryption.h"
#include "vksession/operations.h"
#include "vksession/store.h"

static gboolean drop_session(VksSession *session, gboolean shred, GError **error)
{
	autofd lock = -1;

	if (session->running) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s is running; nothing was removed; end it first with: "
			    "vksession stop %s",
			    session->name, session->name);
		return FALSE;
	}
	lock = vks_session_lock_saves(session, "drop", TRUE, error);
	if (lock < 0)
		return FALSE;
	session->backend->viewer_stop(session->run_dir, 10000, NULL);
	return vks_session_erase(session, shred, error);
}

/* Nothing of a save is overwritten that the guest may still take its memory from. */
static gboolean need_not_read(const VksSession *session, GError **error)
{
	if (!session->reads_save)
		return TRUE;
	g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
		    "session %s was thawed a moment ago and still reads its memory; nothing was "
		    "removed; try again, or leave out --shred",
		    session->name);
	return FALSE;
}

/* A number is never given twice, so the highest one is remembered when it goes. */
static gboolean drop_save(VksSession *session, guint number, gboolean shred, GError **error)
{
	VksRecord *record = session->record;
	autofd lock = -1;
	guint rewritten;
	g_autofree char *path = vks_store_path(session->saves_dir, number, NULL);

	if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_NOT_FOUND,
			    "session %s has no save %u; nothing was removed; see those that it has "
			    "with: vksession saves %s",
			    session->name, number, session->name);
		return FALSE;
	}
	lock = vks_session_lock_saves(session, "drop", TRUE, error);
	if (lock < 0 || (shred && !need_not_read(session, error)))
		return FALSE;
	if (record && record->last_number < number) {
		record->last_number = number;
		if (!vks_record_store(record, session->record_path, error))
			return FALSE;
	}
	if (!vks_saves_remove(session->saves_dir, number, shred, error))
		return FALSE;
	/* It is gone. If what was built on it can't be rewritten now, the next prune does it. */
	if (session->reads_save)
		return TRUE;
	vks_session_unlock_quietly(session);
	vks_consolidate(session->saves_dir, session->sealing, NULL, &rewritten, NULL);
	return TRUE;
}

static gboolean drop(Vks *vks, const char *name, guint number, gboolean shred, GError **error)
{
	g_autoptr(VksSession) session = NULL;
	g_autoptr(GError) cause = NULL;

	session = vks_session_lock(vks, name, "drop", VKS_SESSION_RECORD_OPTIONAL, error);
	if (!session)
		return FALSE;
	if (!(number ? drop_save(session, number, shred, &cause)
		     : drop_session(session, shred, &cause))) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "what was not removed is as it was; check the store at %s",
				   session->dir);
		return FALSE;
	}
	if (vks_kernels_collect_unused(vks, &cause))
		return TRUE;
	vks_error_complete(error, g_steal_pointer(&cause),
			   "it was dropped, only unused kernels are left; check the store at %s",
			   vks->store_dir);
	return FALSE;
}

gboolean vks_drop(Vks *vks, const char *name, guint number, GError **error)
{
	return drop(vks, name, number, FALSE, error);
}

gboolean vks_shred(Vks *vks, const char *name, guint number, GError **error)
{
	return drop(vks, name, number, TRUE, error);
}

gboolean vks_drop_loses_last(Vks *vks, const char *name, guint number, gboolean *loses,
			     GError **error)
{
	g_autoptr(VksSession)
		session = vks_session_find(vks, name, VKS_SESSION_RECORD_OPTIONAL, error);
	g_autoptr(GArray) numbers = NULL;
	guint good_dropped = 0, good_kept = 0;

	if (!session)
		return FALSE;
	numbers = vks_store_numbers(session->saves_dir, NULL);
	for (guint i = 0; numbers && i < numbers->len; i++) {
		guint found = g_array_index(numbers, guint, i);
		g_autoptr(VksManifest) manifest = vks_store_load(session->saves_dir, found, NULL);

		if (!manifest)
			continue;
		if (number == 0 || number == found)
			good_dropped++;
		else
			good_kept++;
	}
	*loses = good_dropped > 0 && good_kept == 0;
	return TRUE;
}
