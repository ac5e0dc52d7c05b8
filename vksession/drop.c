/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "launcher/autofd.h"
#include "vksession/kernels.h"
#include "vksession/session.h"
#include "vksession/store.h"

static void use_kernel(GHashTable *used, const char *hash)
{
	if (hash && *hash)
		g_hash_table_add(used, g_strdup(hash));
}

/* Notes the kernels that a session and its saves need. FALSE if that can't be told. */
static gboolean collect_used(Vks *vks, const char *name, GHashTable *used)
{
	g_autoptr(VksSession)
		session = vks_session_find(vks, name, VKS_SESSION_RECORD_OPTIONAL, NULL);
	g_autoptr(GArray) numbers = NULL;

	if (!session || !session->record)
		return FALSE;
	use_kernel(used, session->record->kernel_hash);
	numbers = vks_store_numbers(session->saves_dir, NULL);
	for (guint i = 0; numbers && i < numbers->len; i++) {
		g_autoptr(VksManifest) manifest =
			vks_store_load(session->saves_dir, g_array_index(numbers, guint, i), NULL);

		/* A save that can't be read may yet be repaired from a backup: keep its kernel. */
		if (!manifest)
			return FALSE;
		use_kernel(used, manifest->kernel_hash);
	}
	return numbers != NULL;
}

/* Removes kernels that no session needs. In doubt it removes none. */
static gboolean collect_kernels(Vks *vks, GError **error)
{
	autofd lock = vks_store_lock(vks, error);
	g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) names = NULL;

	if (lock < 0)
		return FALSE;
	vks_session_clean_graves(vks);
	names = vks_session_names(vks);
	for (guint i = 0; i < names->len; i++) {
		if (!collect_used(vks, names->pdata[i], used))
			return TRUE;
	}
	return vks_kernels_collect(vks->store_dir, used, error);
}

static gboolean drop_session(VksSession *session, GError **error)
{
	if (session->running) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s is running; nothing was removed; end it first with: "
			    "vksession stop %s",
			    session->name, session->name);
		return FALSE;
	}
	session->backend->viewer_stop(session->run_dir, 10000, NULL);
	return vks_session_erase(session, error);
}

/* A number is never given twice, so the highest one is remembered when it goes. */
static gboolean drop_save(VksSession *session, guint number, GError **error)
{
	VksRecord *record = session->record;
	g_autofree char *path = vks_store_path(session->saves_dir, number, NULL);

	if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_NOT_FOUND,
			    "session %s has no save %u; nothing was removed; see those that it has "
			    "with: vksession saves %s",
			    session->name, number, session->name);
		return FALSE;
	}
	if (record && record->last_number < number) {
		record->last_number = number;
		if (!vks_record_store(record, session->record_path, error))
			return FALSE;
	}
	return vks_store_remove(session->saves_dir, number, error);
}

gboolean vks_drop(Vks *vks, const char *name, guint number, GError **error)
{
	g_autoptr(VksSession) session = NULL;
	g_autoptr(GError) cause = NULL;

	session = vks_session_lock(vks, name, "drop", VKS_SESSION_RECORD_OPTIONAL, error);
	if (!session)
		return FALSE;
	if (!(number ? drop_save(session, number, &cause) : drop_session(session, &cause))) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "what was not removed is as it was; check the store at %s",
				   session->dir);
		return FALSE;
	}
	if (collect_kernels(vks, &cause))
		return TRUE;
	vks_error_complete(error, g_steal_pointer(&cause),
			   "it was dropped, only unused kernels are left; check the store at %s",
			   vks->store_dir);
	return FALSE;
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
