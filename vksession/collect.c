/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/autofd.h"
#include "vksession/operations.h"
#include "vksession/kernels.h"
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

gboolean vks_kernels_collect_unused(Vks *vks, GError **error)
{
	autofd lock = vks_store_lock(vks, error);
	g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) names = NULL;

	if (lock < 0)
		return FALSE;
	vks_session_clean_graves(vks);
	names = vks_session_names(vks, error);
	if (!names)
		return FALSE;
	for (guint i = 0; i < names->len; i++) {
		if (!collect_used(vks, names->pdata[i], used))
			return TRUE;
	}
	return vks_kernels_collect(vks->store_dir, used, error);
}
