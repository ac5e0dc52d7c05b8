/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * begin   - A save is written in a directory `.new-XXXXXX` beside the others; nobody takes it for
 *           a save.
 * publish - Its parts are synced by then. The manifest is written and synced, then the directory
 *           that names them; one rename(2) gives it its number, and the parent is synced. Before
 *           the rename the save does not exist, after it it is complete.
 * remove  - The other way round: one rename(2) to `.drop-XXXXXX` takes the number away, then the
 *           files are freed at leisure.
 * retire  - A save that others are built on is renamed to `.base-NUMBER`: it is no save any more.
 * replace - A save that was rewritten (same content, built otherwise) takes the place of the old
 *           one by one exchange of names.
 * clean   - What a crash left under `.new-`, `.drop-` and `.shred-` (to be overwritten before) is
 *           removed at the next start.
 */
#include "vksession/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/layers.h"
#include "vksession/parts.h"

#define TEMPORARY_NEW	".new-"
#define TEMPORARY_DROP	".drop-"
#define TEMPORARY_SHRED ".shred-"

static const char *const known_parts[] = { VKS_PART_MEMORY, VKS_PART_STATE,  VKS_PART_SAME,
					   VKS_PART_SEALS,  VKS_PART_LAYOUT, VKS_PART_THUMBNAIL };

/* "12" is save 12; "012", "+12", "12x" and "0" are nothing of ours. */
static guint parse_number(const char *name)
{
	guint64 number;
	g_autofree char *canonical = NULL;

	if (!g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT32, &number, NULL))
		return 0;
	canonical = g_strdup_printf("%u", (guint)number);
	return strcmp(canonical, name) == 0 ? (guint)number : 0;
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
	guint left = *(const guint *)a, right = *(const guint *)b;

	return left < right ? -1 : left > right;
}

/* Numbers of the directories whose names are a prefix and a number. */
static GArray *list_numbers(const char *saves_dir, const char *prefix, GError **error)
{
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint));
	g_autoptr(GError) cause = NULL;
	g_autoptr(GPtrArray) names = vks_dir_names(saves_dir, &cause);

	if (!names && !g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return NULL;
	}
	for (guint i = 0; names && i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *path = g_build_filename(saves_dir, name, NULL);
		gboolean ours = g_str_has_prefix(name, prefix);
		guint number = ours ? parse_number(name + strlen(prefix)) : 0;
		gboolean there = FALSE;

		if (number && !vks_dir_exists(path, &there, error))
			return NULL;
		if (there)
			g_array_append_val(numbers, number);
	}
	g_array_sort(numbers, compare_numbers);
	return g_steal_pointer(&numbers);
}

GArray *vks_store_numbers(const char *saves_dir, GError **error)
{
	return list_numbers(saves_dir, "", error);
}

GArray *vks_store_bases(const char *saves_dir, GError **error)
{
	return list_numbers(saves_dir, VKS_BASE_PREFIX, error);
}

char *vks_store_path(const char *saves_dir, guint number, const char *file)
{
	return g_strdup_printf("%s/%u%s%s", saves_dir, number, file ? "/" : "", file ? file : "");
}

static char *base_path(const char *saves_dir, guint number)
{
	return g_strdup_printf("%s/" VKS_BASE_PREFIX "%u", saves_dir, number);
}

char *vks_store_layer_path(const char *saves_dir, guint number)
{
	g_autofree char *save = vks_store_path(saves_dir, number, NULL);

	if (g_file_test(save, G_FILE_TEST_IS_DIR))
		return g_steal_pointer(&save);
	return base_path(saves_dir, number);
}

static char *make_temporary(const char *saves_dir, const char *prefix, GError **error)
{
	g_autofree char *path = g_strdup_printf("%s/%sXXXXXX", saves_dir, prefix);

	if (!g_mkdtemp_full(path, 0700)) {
		vks_error_errno(error, errno, "cannot make a directory in %s", saves_dir);
		return NULL;
	}
	if (!vks_private_dir_ensure(path, error)) {
		rmdir(path);
		return NULL;
	}
	return g_steal_pointer(&path);
}

char *vks_store_begin(const char *saves_dir, GError **error)
{
	if (!vks_private_dir_ensure(saves_dir, error))
		return NULL;
	return make_temporary(saves_dir, TEMPORARY_NEW, error);
}

static gboolean seal(const char *temporary, const VksManifest *manifest, GError **error)
{
	g_autofree char *text = vks_manifest_print(manifest);
	g_autofree char *file = g_build_filename(temporary, VKS_MANIFEST, NULL);

	return vks_file_create(file, text, strlen(text), error) && vks_path_sync(temporary, error);
}

gboolean vks_store_publish(const char *saves_dir, const char *temporary,
			   const VksManifest *manifest, GError **error)
{
	g_autofree char *final = vks_store_path(saves_dir, manifest->generation, NULL);

	return seal(temporary, manifest, error) && vks_rename_new(temporary, final, error);
}

gboolean vks_store_replace(const char *saves_dir, const char *temporary,
			   const VksManifest *manifest, gboolean shred, GError **error)
{
	g_autofree char *final = vks_store_layer_path(saves_dir, manifest->generation);

	return seal(temporary, manifest, error) && vks_rename_exchange(temporary, final, error) &&
	       (shred ? vks_tree_shred(temporary, error) : vks_tree_remove(temporary, error));
}

gboolean vks_store_retire(const char *saves_dir, guint number, GError **error)
{
	g_autofree char *path = vks_store_path(saves_dir, number, NULL);
	g_autofree char *base = base_path(saves_dir, number);

	return vks_rename_new(path, base, error);
}

gboolean vks_store_clean(const char *saves_dir, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(GPtrArray) names = vks_dir_names(saves_dir, &cause);

	if (!names && !g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	for (guint i = 0; names && i < names->len; i++) {
		g_autofree char *path = g_build_filename(saves_dir, names->pdata[i], NULL);

		gboolean shred = g_str_has_prefix(names->pdata[i], TEMPORARY_SHRED);

		if (!g_str_has_prefix(names->pdata[i], TEMPORARY_NEW) &&
		    !g_str_has_prefix(names->pdata[i], TEMPORARY_DROP) && !shred)
			continue;
		if (!(shred ? vks_tree_shred(path, error) : vks_tree_remove(path, error)))
			return FALSE;
	}
	return TRUE;
}

static gboolean part_is_known(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(known_parts); i++) {
		if (strcmp(known_parts[i], name) == 0)
			return TRUE;
	}
	return g_str_has_prefix(name, VKS_PART_DISK);
}

static gboolean check_part(const char *dir, const VksPart *part, GError **error)
{
	g_autofree char *path = g_build_filename(dir, part->name, NULL);
	struct stat st;

	if (!part_is_known(part->name)) {
		if (!part->required)
			return TRUE;
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "part %s is needed, and only a later vksession knows it", part->name);
		return FALSE;
	}
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: file is missing",
			    part->name);
		return FALSE;
	}
	if ((guint64)st.st_size != part->size) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "%s: file has %" G_GINT64_FORMAT " bytes instead of %" G_GUINT64_FORMAT,
			    part->name, (gint64)st.st_size, part->size);
		return FALSE;
	}
	return TRUE;
}

static gboolean check_parts(const char *dir, const VksManifest *manifest, GError **error)
{
	const struct {
		const char *name;
		gboolean needed;
	} parts[] = {
		{ VKS_PART_MEMORY, TRUE },
		{ VKS_PART_STATE, TRUE },
		{ VKS_PART_SAME, manifest->delta.parent != 0 },
		{ VKS_PART_SEALS, manifest->seal.id != NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (parts[i].needed && !vks_manifest_part(manifest, parts[i].name)) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				    "the manifest names no part %s", parts[i].name);
			return FALSE;
		}
	}
	for (guint i = 0; i < manifest->parts->len; i++) {
		if (!check_part(dir, manifest->parts->pdata[i], error))
			return FALSE;
	}
	return TRUE;
}

static VksManifest *load(const char *dir, guint number, GError **error)
{
	g_autofree char *file = g_build_filename(dir, VKS_MANIFEST, NULL);
	g_autoptr(VksManifest) manifest = NULL;
	g_autoptr(GError) cause = NULL;
	g_autofree char *text = NULL;
	gsize length = 0;
	struct stat st;

	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no save %u", number);
		return NULL;
	}
	text = vks_file_read(file, VKS_MANIFEST_MAX_BYTES, &length, &cause);
	if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it has no manifest");
		return NULL;
	}
	if (!text) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return NULL;
	}
	manifest = vks_manifest_parse(text, length, error);
	if (!manifest)
		return NULL;
	if (manifest->generation != number) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "its manifest is that of a save %u", manifest->generation);
		return NULL;
	}
	return check_parts(dir, manifest, error) ? g_steal_pointer(&manifest) : NULL;
}

VksManifest *vks_store_load(const char *saves_dir, guint number, GError **error)
{
	g_autofree char *dir = vks_store_path(saves_dir, number, NULL);

	return load(dir, number, error);
}

VksManifest *vks_store_load_layer(const char *saves_dir, guint number, GError **error)
{
	g_autofree char *dir = vks_store_layer_path(saves_dir, number);

	return load(dir, number, error);
}

/** Progress of one part within that of all. */
typedef struct {
	guint64 before;
	VksChecksumProgress progress;
	gpointer user_data;
} Offset;

static void report_with_offset(guint64 bytes, gpointer user_data)
{
	Offset *offset = user_data;

	if (offset->progress)
		offset->progress(offset->before + bytes, offset->user_data);
}

static gboolean verify_part(const char *saves_dir, const VksManifest *manifest, const VksPart *part,
			    Offset *offset, GCancellable *cancellable, GError **error)
{
	g_autofree char *dir = vks_store_path(saves_dir, manifest->generation, NULL);
	g_autofree char *path = g_build_filename(dir, part->name, NULL);
	VksChecksum sum;

	if (!part_is_known(part->name))
		return TRUE;
	if (!vks_checksum_path(path, &sum, report_with_offset, offset, cancellable, error) ||
	    !vks_checksum_compare(part->name, &sum, part->size, part->checksum, error))
		return FALSE;
	/* The memory's pages come last, all together. */
	if (strcmp(part->name, VKS_PART_MEMORY) != 0 &&
	    !vks_part_check(dir, manifest, part->name, error))
		return FALSE;
	offset->before += part->size;
	return TRUE;
}

/*
 * The memory as a guest would get it, from this save's pages and those that it is built on. For one
 * that is whole, and not encrypted, that is the checksum of its file.
 */
static gboolean verify_whole(const char *saves_dir, const VksManifest *manifest, Offset *offset,
			     GCancellable *cancellable, GError **error)
{
	const VksPart *part = vks_manifest_part(manifest, VKS_PART_MEMORY);
	g_autoptr(VksLayers) layers = NULL;
	VksChecksum sum;

	if ((!manifest->delta.parent && !manifest->seal.id) || vks_manifest_is_locked(manifest))
		return TRUE;
	layers = vks_layers_open(saves_dir, manifest, error);
	return layers &&
	       vks_layers_checksum(layers, &sum, report_with_offset, offset, cancellable, error) &&
	       vks_checksum_compare("memory as a whole", &sum, part->size,
				    vks_manifest_memory_checksum(manifest), error);
}

gboolean vks_store_verify(const char *saves_dir, const VksManifest *manifest,
			  VksChecksumProgress progress, gpointer user_data,
			  GCancellable *cancellable, GError **error)
{
	Offset offset = { .progress = progress, .user_data = user_data };

	for (guint i = 0; i < manifest->parts->len; i++) {
		if (!verify_part(saves_dir, manifest, manifest->parts->pdata[i], &offset,
				 cancellable, error))
			return FALSE;
	}
	return verify_whole(saves_dir, manifest, &offset, cancellable, error);
}

static gboolean compose_memory(const char *saves_dir, const VksManifest *manifest, int to,
			       Offset *offset, GCancellable *cancellable, GError **error)
{
	const VksPart *part = vks_manifest_part(manifest, VKS_PART_MEMORY);
	g_autoptr(VksLayers) layers = vks_layers_open(saves_dir, manifest, error);
	VksChecksum sum;

	if (!layers || !vks_layers_compose(layers, to, cancellable, error) ||
	    !vks_checksum_fd(to, &sum, report_with_offset, offset, cancellable, error))
		return FALSE;
	if (manifest->seal.id)
		vks_sealing_hide_checksum(manifest->seal.sealing, sum.hex);
	return vks_checksum_compare(VKS_PART_MEMORY, &sum, part->size,
				    vks_manifest_memory_checksum(manifest), error);
}

static gboolean compose_state(const char *saves_dir, const VksManifest *manifest, const char *to,
			      GCancellable *cancellable, GError **error)
{
	const VksPart *part = vks_manifest_part(manifest, VKS_PART_STATE);
	g_autofree char *dir = vks_store_path(saves_dir, manifest->generation, NULL);
	VksChecksum sum;

	if (!vks_part_extract(dir, manifest, VKS_PART_STATE, to, error))
		return FALSE;
	/* What was encrypted is authentic, or it could not be opened. */
	return manifest->seal.id ||
	       (vks_checksum_path(to, &sum, NULL, NULL, cancellable, error) &&
		vks_checksum_compare(VKS_PART_STATE, &sum, part->size, part->checksum, error));
}

gboolean vks_store_compose(const char *saves_dir, const VksManifest *manifest, const char *dir,
			   VksChecksumProgress progress, gpointer user_data,
			   GCancellable *cancellable, GError **error)
{
	Offset offset = { .progress = progress, .user_data = user_data };
	g_autofree char *memory = g_build_filename(dir, VKS_PART_MEMORY, NULL);
	g_autofree char *state = g_build_filename(dir, VKS_PART_STATE, NULL);
	autofd to = open(memory, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (to < 0 || fchmod(to, 0600) < 0) {
		vks_error_errno(error, errno, "cannot make %s", memory);
		return FALSE;
	}
	return compose_memory(saves_dir, manifest, to, &offset, cancellable, error) &&
	       compose_state(saves_dir, manifest, state, cancellable, error);
}

/* Takes a directory's name away, durably, and then removes it. */
static gboolean bury(const char *saves_dir, const char *path, gboolean shred, GError **error)
{
	g_autofree char *temporary = NULL;
	g_autofree char *grave = NULL;

	temporary = make_temporary(saves_dir, shred ? TEMPORARY_SHRED : TEMPORARY_DROP, error);
	if (!temporary)
		return FALSE;
	grave = g_build_filename(temporary, "save", NULL);
	if (!vks_rename_new(path, grave, error)) {
		rmdir(temporary);
		return FALSE;
	}
	return vks_path_sync(saves_dir, error) &&
	       (shred ? vks_tree_shred(temporary, error) : vks_tree_remove(temporary, error));
}

gboolean vks_store_remove(const char *saves_dir, guint number, gboolean shred, GError **error)
{
	g_autofree char *path = vks_store_path(saves_dir, number, NULL);

	return bury(saves_dir, path, shred, error);
}

gboolean vks_store_remove_base(const char *saves_dir, guint number, GError **error)
{
	g_autofree char *path = base_path(saves_dir, number);

	return bury(saves_dir, path, FALSE, error);
}
