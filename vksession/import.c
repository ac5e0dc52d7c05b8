/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   unpack  - The stream is put into a directory beside the sessions. Only names that an export has
 *             are taken, and its checksum must be right.
 *   check   - There is one save; it is whole, and its vkernel is the one that it names.
 *   describe - session.json is made for a session that does not run. Settings that somebody else
 *             had (what starts at login, say) do not come along.
 *   place   - The vkernel and the copies of programs are put into the store, then one rename(2)
 *             makes the directory a session. What a crash leaves before it is removed by the next
 *             one who locks a session of that name.
 */
#include "vksession/export.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "launcher/autofd.h"
#include "vksession/archive.h"
#include "vksession/durable.h"
#include "vksession/kernels.h"
#include "vksession/pins.h"
#include "vksession/store.h"

#define NUMBER "[1-9][0-9]{0,9}"
#define WANTED                                                                                     \
	"(" VKS_EXPORT_KERNEL "|session\\.json|key\\.json|" VKS_EXPORT_PINS "[0-9-]{1,120}|saves/" \
	"(\\" VKS_BASE_PREFIX ")?" NUMBER "/[a-z0-9][a-z0-9.-]{0,63})"

/** One import under way. */
typedef struct {
	VksSession *session;
	const char *store_dir;
	const char *dir; /* what becomes the session */
	GCancellable *cancellable;
	VksManifest *manifest;
} Import;

static char *file_of(const Import *import, const char *name)
{
	return g_build_filename(import->dir, name, NULL);
}

static gboolean set_bad(GError **error, const char *what)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s", what);
	return FALSE;
}

static gboolean check_save(Import *import, GError **error)
{
	g_autofree char *saves = file_of(import, "saves");
	g_autoptr(GArray) numbers = vks_store_numbers(saves, error);

	if (!numbers)
		return FALSE;
	if (numbers->len != 1)
		return set_bad(error, "the stream has not one save");
	import->manifest = vks_store_load(saves, g_array_index(numbers, guint, 0), error);
	return import->manifest &&
	       vks_store_verify(saves, import->manifest, NULL, NULL, import->cancellable, error);
}

static gboolean check_kernel(const Import *import, GError **error)
{
	g_autofree char *kernel = file_of(import, VKS_EXPORT_KERNEL);
	VksChecksum sum;

	if (!vks_checksum_path(kernel, &sum, NULL, NULL, import->cancellable, error))
		return FALSE;
	return strcmp(sum.hex, import->manifest->kernel_hash) == 0 ||
	       set_bad(error, "the vkernel is not the one that the save needs");
}

/* A save is encrypted if and only if there is a key, which a passphrase opens. */
static gboolean check_key(const Import *import, GError **error)
{
	g_autofree char *path = file_of(import, VKS_KEY_FILE);
	g_autoptr(GError) cause = NULL;
	g_autoptr(VksKeyFile) key = vks_key_file_load(path, &cause);

	if (cause && !g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	if (key && vks_key_file_method(key) != VKS_ENCRYPTION_PASSPHRASE)
		return set_bad(error, "the key is in somebody's keyring");
	return !key == !import->manifest->seal.id ||
	       set_bad(error, "there is a key without an encrypted save, or one without the other");
}

static gboolean describe(const Import *import, GError **error)
{
	g_autofree char *path = file_of(import, VKS_EXPORT_RECORD);
	g_autoptr(VksRecord) fresh = vks_record_new();
	g_autoptr(GError) cause = NULL;
	g_autoptr(VksRecord) record = vks_record_load(path, &cause);

	/* One that had lost it is known by its save. */
	if (!record)
		return g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
		       set_bad(error, "session.json is damaged");
	record->running = FALSE;
	record->base = import->manifest->generation;
	record->last_number = MAX(record->last_number, import->manifest->generation);
	g_free(record->id);
	record->id = g_strdup(import->manifest->session_id);
	g_free(record->run_id);
	record->run_id = g_strdup(import->manifest->run_id);
	g_free(record->kernel_hash);
	record->kernel_hash = g_strdup(import->manifest->kernel_hash);
	g_strfreev(record->settings);
	record->settings = g_steal_pointer(&fresh->settings);
	g_free(record->autosave);
	record->autosave = g_steal_pointer(&fresh->autosave);
	g_free(record->restore);
	record->restore = g_steal_pointer(&fresh->restore);
	return vks_record_store(record, path, error);
}

static gboolean place_kernel(const Import *import, GError **error)
{
	g_autofree char *kernel = file_of(import, VKS_EXPORT_KERNEL);
	char hash[VKS_CHECKSUM_HEX + 1];
	g_autofree char *placed = NULL;

	if (chmod(kernel, 0700) < 0) {
		vks_error_errno(error, errno, "cannot change the mode of %s", kernel);
		return FALSE;
	}
	placed = vks_kernels_put(import->store_dir, kernel, hash, error);
	return placed && vks_tree_remove(kernel, error);
}

static gboolean place_pins(const Import *import, GError **error)
{
	const GPtrArray *resources = import->manifest->host_resources;
	g_autofree char *pins = file_of(import, VKS_EXPORT_PINS);

	for (guint i = 0; i < resources->len; i++) {
		const VksHostResource *resource = resources->pdata[i];
		g_autofree char *name = vks_pins_name(resource);
		g_autofree char *path = g_build_filename(pins, name, NULL);

		if (vks_pins_wants(resource) && g_file_test(path, G_FILE_TEST_EXISTS) &&
		    !vks_pins_take(import->store_dir, resource, path, import->cancellable, error))
			return FALSE;
	}
	return vks_tree_remove(pins, error);
}

/* Nothing that was placed for it is taken for unused before the session is there. */
static gboolean place(const Import *import, GError **error)
{
	VksPinsResult result;
	autofd pins_lock = -1, lock = -1;

	/* What is here itself is not taken from anybody else. */
	if (!vks_pins_keep(import->store_dir, import->manifest, &result, import->cancellable,
			   error))
		return FALSE;
	pins_lock = vks_pins_lock(import->store_dir, error);
	lock = pins_lock < 0 ? -1 : vks_store_lock(import->session->vks, error);
	return lock >= 0 && place_kernel(import, error) && place_pins(import, error) &&
	       vks_tree_sync(import->dir, error) &&
	       vks_rename_new(import->dir, import->session->dir, error);
}

static gboolean import_stream(Import *import, int fd, GError **error)
{
	return vks_private_dir_ensure(import->dir, error) &&
	       vks_archive_unpack(fd, import->dir, WANTED, import->cancellable, error) &&
	       check_save(import, error) && check_kernel(import, error) &&
	       check_key(import, error) && describe(import, error) && place(import, error);
}

gboolean vks_import(Vks *vks, const char *name, int fd, const VksControl *control, guint *number,
		    GError **error)
{
	g_autoptr(VksSession)
		session = vks_session_lock(vks, name, "import", VKS_SESSION_MAY_BE_NEW, error);
	g_autoptr(VksManifest) manifest = NULL;
	g_autoptr(GError) cause = NULL;
	Import import = { .session = session, .cancellable = vks_control_cancellable(control) };
	gboolean ok;

	if (!session)
		return FALSE;
	if (session->record || g_file_test(session->dir, G_FILE_TEST_EXISTS)) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "there is a session %s already; it is untouched; import under another "
			    "name, or remove it first with: vksession drop %s",
			    name, name);
		return FALSE;
	}
	import.store_dir = vks->store_dir;
	import.dir = session->import_dir;
	vks_control_report(control, "importing", 0, 0);
	ok = import_stream(&import, fd, &cause);
	manifest = import.manifest;
	if (ok) {
		*number = manifest->generation;
		return TRUE;
	}
	vks_tree_remove(import.dir, NULL);
	vks_error_complete(error, g_steal_pointer(&cause),
			   "there is no new session and nothing was changed; export it again, and "
			   "look for room with: vksession doctor");
	return FALSE;
}
