/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   choose  - The save asked for, or the newest. Nobody may remove or rewrite saves meanwhile.
 *   pin     - What programs and libraries are not copied yet are copied now.
 *   check   - Every byte is compared with its checksum, as before a thaw.
 *   session - What the session is, and its key, which only the passphrase opens.
 *   layers  - The files of the save, and of those that it is built on, as they are; what it is built
 *             on goes as bases (see store.h), so that the other side has one save.
 *   needs   - The vkernel, and the copies.
 *
 * The names in the stream are in export.h.
 */
#include "vksession/export.h"

#include "launcher/autofd.h"
#include "vksession/archive.h"
#include "vksession/durable.h"
#include "vksession/encryption.h"
#include "vksession/kernels.h"
#include "vksession/pins.h"
#include "vksession/store.h"

/** One export under way. */
typedef struct {
	VksSession *session;
	const char *store_dir;
	GCancellable *cancellable;
	VksManifest *manifest;
	VksArchive *archive;
} Export;

static gboolean set_not_found(const VksSession *session, guint number, GError **error)
{
	if (number)
		vks_session_set_no_save(session, number, error);
	else
		g_set_error(error, VKS_ERROR, VKS_ERROR_NOT_FOUND,
			    "session %s has no saves; nothing was changed; make one with: "
			    "vksession save %s",
			    session->name, session->name);
	return FALSE;
}

static gboolean choose(Export *export, guint number, GError **error)
{
	g_autoptr(GArray) numbers = vks_store_numbers(export->session->saves_dir, error);
	gboolean found = FALSE;

	if (!numbers)
		return FALSE;
	for (guint i = 0; i < numbers->len; i++)
		found = found || g_array_index(numbers, guint, i) == number;
	if (numbers->len == 0 || (number && !found))
		return set_not_found(export->session, number, error);
	if (!number)
		number = g_array_index(numbers, guint, numbers->len - 1);
	export->manifest = vks_store_load(export->session->saves_dir, number, error);
	return export->manifest != NULL;
}

/* What the keyring of this machine opens nobody else can. */
static gboolean need_portable_key(const VksSession *session, GError **error)
{
	if (!session->changing && session->encryption != VKS_ENCRYPTION_KEYRING)
		return TRUE;
	g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
		    "the key of session %s is only in this machine's keyring; nothing was changed; "
		    "have a passphrase for it instead with: vksession encrypt --method passphrase "
		    "%s",
		    session->name, session->name);
	return FALSE;
}

static gboolean add(const Export *export, const char *name, const char *path, GError **error)
{
	return vks_archive_add(export->archive, name, path, error);
}

static gboolean add_session(const Export *export, GError **error)
{
	const VksSession *session = export->session;

	return (!g_file_test(session->record_path, G_FILE_TEST_EXISTS) ||
		add(export, VKS_EXPORT_RECORD, session->record_path, error)) &&
	       (!session->key_path || add(export, VKS_KEY_FILE, session->key_path, error));
}

/* All files of a save or base. What is in its directory without being a part is not its own. */
static gboolean add_layer(const Export *export, const VksManifest *layer, const char *as,
			  GError **error)
{
	g_autofree char *dir = vks_store_layer_path(export->session->saves_dir, layer->generation);
	g_autofree char *manifest = g_build_filename(dir, VKS_MANIFEST, NULL);
	g_autofree char *manifest_name = g_strdup_printf("%s/" VKS_MANIFEST, as);

	for (guint i = 0; i < layer->parts->len; i++) {
		const VksPart *part = layer->parts->pdata[i];
		g_autofree char *path = g_build_filename(dir, part->name, NULL);
		g_autofree char *name = g_strdup_printf("%s/%s", as, part->name);

		/* An optional part that only a later vksession knows need not be there. */
		if ((part->required || g_file_test(path, G_FILE_TEST_EXISTS)) &&
		    !add(export, name, path, error))
			return FALSE;
	}
	return add(export, manifest_name, manifest, error);
}

static gboolean add_layers(const Export *export, GError **error)
{
	g_autofree char *as = g_strdup_printf("saves/%u", export->manifest->generation);
	guint parent = export->manifest->delta.parent;

	if (!add_layer(export, export->manifest, as, error))
		return FALSE;
	while (parent) {
		g_autoptr(VksManifest)
			base = vks_store_load_layer(export->session->saves_dir, parent, error);
		g_autofree char *name = g_strdup_printf("saves/" VKS_BASE_PREFIX "%u", parent);

		if (!base || !add_layer(export, base, name, error))
			return FALSE;
		parent = base->delta.parent;
	}
	return TRUE;
}

static gboolean add_kernel(const Export *export, GError **error)
{
	g_autofree char *kernel =
		vks_kernels_get(export->store_dir, export->manifest->kernel_hash, error);

	return kernel && add(export, VKS_EXPORT_KERNEL, kernel, error);
}

static gboolean add_pins(const Export *export, GError **error)
{
	const GPtrArray *resources = export->manifest->host_resources;
	g_autoptr(GHashTable) done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < resources->len; i++) {
		const VksHostResource *resource = resources->pdata[i];
		g_autofree char *pin = vks_pins_name(resource);
		g_autofree char *name = g_strdup_printf(VKS_EXPORT_PINS "%s", pin);
		g_autofree char *path = NULL;

		if (!vks_pins_wants(resource) || !g_hash_table_add(done, g_strdup(pin)))
			continue;
		path = vks_pins_find(export->store_dir, resource);
		/* One that was replaced before it was copied is not to be had any more. */
		if (path && !add(export, name, path, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean check(const Export *export, gboolean programs, GError **error)
{
	VksPinsResult result;

	return need_portable_key(export->session, error) &&
	       (!programs || vks_pins_keep(export->store_dir, export->manifest, &result,
					   export->cancellable, error)) &&
	       vks_store_verify(export->session->saves_dir, export->manifest, NULL, NULL,
				export->cancellable, error);
}

static gboolean write_stream(Export *export, gboolean programs, int fd, GError **error)
{
	g_autoptr(VksArchive) archive = vks_archive_new(fd, export->cancellable, error);

	export->archive = archive;
	return archive && add_session(export, error) && add_layers(export, error) &&
	       add_kernel(export, error) && (!programs || add_pins(export, error)) &&
	       vks_archive_finish(archive, error);
}

gboolean vks_export(Vks *vks, const char *name, guint number, gboolean programs, int fd,
		    const VksControl *control, GError **error)
{
	g_autoptr(VksSession) session = vks_session_find(vks, name, 0, error);
	g_autoptr(VksManifest) manifest = NULL;
	g_autoptr(GError) cause = NULL;
	Export export = { .session = session,
			  .store_dir = vks->store_dir,
			  .cancellable = vks_control_cancellable(control) };
	autofd lock = -1;

	if (!session)
		return FALSE;
	lock = vks_session_lock_saves(session, "export", FALSE, &cause);
	vks_control_report(control, "exporting", 0, 0);
	if (lock >= 0 && choose(&export, number, &cause)) {
		manifest = export.manifest;
		if (check(&export, programs, &cause) && write_stream(&export, programs, fd, &cause))
			return TRUE;
	}
	vks_error_complete(error, g_steal_pointer(&cause),
			   "the session and its saves are untouched, and what was written so far "
			   "can't be imported; put that right and try again, or see: vksession "
			   "verify %s",
			   name);
	return FALSE;
}
