/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/autofd.h"
#include "vksession/operations.h"
#include "vksession/kernels.h"
#include "vksession/pins.h"
#include "vksession/store.h"

/** What must stay. */
typedef struct {
	GHashTable *kernels; /* checksums */
	GHashTable *pins;    /* names, as of vks_pins_name() */
} Used;

static void use_kernel(Used *used, const char *hash)
{
	if (hash && *hash)
		g_hash_table_add(used->kernels, g_strdup(hash));
}

static void use_pins(Used *used, const VksManifest *manifest)
{
	for (guint i = 0; i < manifest->host_resources->len; i++) {
		const VksHostResource *resource = manifest->host_resources->pdata[i];

		if (vks_pins_wants(resource))
			g_hash_table_add(used->pins, vks_pins_name(resource));
	}
}

/* Notes the kernels and pins that a session and its saves need. FALSE if that can't be told. */
static gboolean collect_used(Vks *vks, const char *name, Used *used)
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
		use_pins(used, manifest);
	}
	return numbers != NULL;
}

gboolean vks_kernels_collect_unused(Vks *vks, GError **error)
{
	autofd pins_lock = vks_pins_lock(vks->store_dir, error);
	autofd lock = pins_lock < 0 ? -1 : vks_store_lock(vks, error);
	g_autoptr(GHashTable)
		kernels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) pins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Used used = { kernels, pins };
	g_autoptr(GPtrArray) names = NULL;

	if (lock < 0)
		return FALSE;
	vks_session_clean_graves(vks);
	names = vks_session_names(vks, error);
	if (!names)
		return FALSE;
	for (guint i = 0; i < names->len; i++) {
		if (!collect_used(vks, names->pdata[i], &used))
			return TRUE;
	}
	return vks_kernels_collect(vks->store_dir, kernels, error) &&
	       vks_pins_collect(vks->store_dir, pins, error);
}
