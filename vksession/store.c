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
 * clean   - What a crash left under `.new-` and `.drop-` is removed at the next start.
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

#define TEMPORARY_NEW  ".new-"
#define TEMPORARY_DROP ".drop-"
#define MANIFEST       "manifest.json"

static const char *const known_parts[] = { VKS_PART_MEMORY, VKS_PART_STATE, VKS_PART_LAYOUT };

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

GArray *vks_store_numbers(const char *saves_dir, GError **error)
{
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint));
	g_autoptr(GError) cause = NULL;
	g_autoptr(GDir) dir = g_dir_open(saves_dir, 0, &cause);
	const char *name;

	if (!dir && !g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot list saves: %s",
			    cause->message);
		return NULL;
	}
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(saves_dir, name, NULL);
		guint number = parse_number(name);
		struct stat st;

		if (number && lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			g_array_append_val(numbers, number);
	}
	g_array_sort(numbers, compare_numbers);
	return g_steal_pointer(&numbers);
}

char *vks_store_path(const char *saves_dir, guint number, const char *file)
{
	return g_strdup_printf("%s/%u%s%s", saves_dir, number, file ? "/" : "", file ? file : "");
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

gboolean vks_store_publish(const char *saves_dir, const char *temporary,
			   const VksManifest *manifest, GError **error)
{
	g_autofree char *text = vks_manifest_print(manifest);
	g_autofree char *file = g_build_filename(temporary, MANIFEST, NULL);
	g_autofree char *final = vks_store_path(saves_dir, manifest->generation, NULL);

	return vks_file_create(file, text, strlen(text), error) &&
	       vks_path_sync(temporary, error) && vks_rename_new(temporary, final, error);
}

gboolean vks_store_clean(const char *saves_dir, GError **error)
{
	g_autoptr(GDir) dir = g_dir_open(saves_dir, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(saves_dir, name, NULL);

		if (!g_str_has_prefix(name, TEMPORARY_NEW) &&
		    !g_str_has_prefix(name, TEMPORARY_DROP))
			continue;
		if (!vks_tree_remove(path, error))
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
	return FALSE;
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
	static const char *const needed[] = { VKS_PART_MEMORY, VKS_PART_STATE };

	for (gsize i = 0; i < G_N_ELEMENTS(needed); i++) {
		if (!vks_manifest_part(manifest, needed[i])) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				    "the manifest names no part %s", needed[i]);
			return FALSE;
		}
	}
	for (guint i = 0; i < manifest->parts->len; i++) {
		if (!check_part(dir, manifest->parts->pdata[i], error))
			return FALSE;
	}
	return TRUE;
}

VksManifest *vks_store_load(const char *saves_dir, guint number, GError **error)
{
	g_autofree char *dir = vks_store_path(saves_dir, number, NULL);
	g_autofree char *file = vks_store_path(saves_dir, number, MANIFEST);
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

gboolean vks_store_verify(const char *saves_dir, const VksManifest *manifest,
			  VksChecksumProgress progress, gpointer user_data,
			  GCancellable *cancellable, GError **error)
{
	Offset offset = { .progress = progress, .user_data = user_data };

	for (guint i = 0; i < manifest->parts->len; i++) {
		const VksPart *part = manifest->parts->pdata[i];
		g_autofree char *path = NULL;
		VksChecksum sum;

		if (!part_is_known(part->name))
			continue;
		path = vks_store_path(saves_dir, manifest->generation, part->name);
		if (!vks_checksum_path(path, &sum, report_with_offset, &offset, cancellable, error))
			return FALSE;
		if (sum.size != part->size || strcmp(sum.hex, part->checksum) != 0) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				    "%s: checksum differs", part->name);
			return FALSE;
		}
		offset.before += part->size;
	}
	return TRUE;
}

gboolean vks_store_remove(const char *saves_dir, guint number, GError **error)
{
	g_autofree char *path = vks_store_path(saves_dir, number, NULL);
	g_autofree char *temporary = NULL;
	g_autofree char *grave = NULL;

	temporary = make_temporary(saves_dir, TEMPORARY_DROP, error);
	if (!temporary)
		return FALSE;
	grave = g_build_filename(temporary, "save", NULL);
	if (!vks_rename_new(path, grave, error)) {
		rmdir(temporary);
		return FALSE;
	}
	return vks_path_sync(saves_dir, error) && vks_tree_remove(temporary, error);
}
