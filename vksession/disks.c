/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   begin   - The vkernel makes an empty layer for each image.
 *   copy    - At a save the guest stands still until its layers are copied, so that they are of the
 *             same instant as its memory. They are parts of the save from then on, with checksums.
 *   note    - What the image is, by inode, size and time of modification.
 *   check   - Before anything is given up for a thaw: another image, or one that was written since,
 *             with the caches that are in memory, would be destroyed.
 *   restore - A thaw gets copies of the save's layers: the save stays what it is.
 *   discard - Layers without the memory of their run are of no use.
 */
#include "vksession/disks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/changes.h"
#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/machine.h"
#include "vksession/pages.h"
#include "vksession/sparse.h"
#include "vksession/store.h"

#define SECTOR_BYTES 512
#define KIND_DISK    "disk" /* as the vkernel tells it */
#define KIND_IMAGE   "disk-image"
#define KIND_LAYER   "disk-layer"
/* The first bytes of a file in the vkernel's copy-on-write format. */
#define LAYER_MAGIC  "OOOM"

static char *layers_dir(const VksSession *session)
{
	return g_build_filename(session->dir, "disks", NULL);
}

static char *layer_path(const VksSession *session, const char *part)
{
	return g_build_filename(session->dir, "disks", part, NULL);
}

static char *part_name(guint index)
{
	return g_strdup_printf(VKS_PART_DISK "%u", index);
}

/* Finding */

static gboolean refuse(const char *name, const char *problem, GError **error)
{
	g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
		    "%s can't be a disk: %s; nothing was started; name another file, or leave it "
		    "out",
		    name, problem);
	return FALSE;
}

/* Paths are words of the vkernel's command line, and of JSON. */
static gboolean check_path(const char *path, GError **error)
{
	if (strpbrk(path, ",:= \n") || !g_utf8_validate(path, -1, NULL))
		return refuse(path, "there is a comma, colon, equals sign or blank in its path",
			      error);
	return TRUE;
}

static gboolean check_image(const char *path, GError **error)
{
	autofd fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char magic[4] = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse(path, g_strerror(errno), error);
	if (!S_ISREG(st.st_mode))
		return refuse(path, "it is no regular file", error);
	if (st.st_size == 0 || st.st_size % SECTOR_BYTES)
		return refuse(path, "its size is not a multiple of 512 bytes", error);
	if (vks_read_at(fd, magic, sizeof(magic), 0) < 0)
		return refuse(path, "it can't be read", error);
	if (memcmp(magic, LAYER_MAGIC, sizeof(magic)) == 0)
		return refuse(path, "it is a layer itself", error);
	return TRUE;
}

char **vks_disks_find(const char *const *names, const char *cwd, GError **error)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

	for (; names && *names; names++) {
		g_autofree char *given = g_canonicalize_filename(*names, cwd);
		char *real = realpath(given, NULL);
		char *path = g_strdup(real ? real : given);

		free(real);
		g_ptr_array_add(paths, path);
		if (!check_path(path, error) || !check_image(path, error))
			return NULL;
		if (paths->len > VKS_MAX_DISKS) {
			refuse(path, "there are 4 already", error);
			return NULL;
		}
	}
	g_ptr_array_add(paths, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&paths), FALSE);
}

/* A run and its layers */

char **vks_disks_begin(const VksSession *session, GError **error)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *dir = layers_dir(session);
	char *const *image = session->record->disks;

	if (!vks_tree_remove(dir, error) || (*image && (!vks_private_dir_ensure(dir, error))))
		return NULL;
	for (guint i = 0; image[i]; i++) {
		g_autofree char *part = part_name(i);
		g_autofree char *layer = layer_path(session, part);
		g_autofree char *disk = g_strdup_printf("%s,%s", layer, image[i]);

		if (!check_path(layer, error))
			return NULL;
		g_strv_builder_add(builder, disk);
	}
	return g_strv_builder_end(builder);
}

void vks_disks_discard(const VksSession *session)
{
	g_autofree char *dir = layers_dir(session);

	vks_tree_remove(dir, NULL);
}

guint64 vks_disks_usage(const VksSession *session)
{
	g_autofree char *dir = layers_dir(session);

	return *session->record->disks ? vks_tree_usage(dir) : 0;
}

/* Holes stay holes. What is behind the last whole page is cut off again. */
static gboolean copy_layer(const char *from_path, const char *to_path, GCancellable *cancellable,
			   GError **error)
{
	autofd from = open(from_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofd to = open(to_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;
	guint64 size;

	if (from < 0 || to < 0 || fchmod(to, 0600) < 0 || fstat(from, &st) < 0) {
		vks_error_errno(error, errno, "cannot copy %s to %s", from_path, to_path);
		return FALSE;
	}
	if (ioctl(to, FICLONE, from) == 0)
		return TRUE;
	size = ((guint64)st.st_size + VKS_PAGE_SIZE - 1) / VKS_PAGE_SIZE * VKS_PAGE_SIZE;
	if (!vks_pages_copy(from, to, size, NULL, FALSE, cancellable, error))
		return FALSE;
	if (ftruncate(to, st.st_size) == 0)
		return TRUE;
	vks_error_errno(error, errno, "cannot set the size of %s", to_path);
	return FALSE;
}

gboolean vks_disks_copy(const VksSession *session, const char *dir, GCancellable *cancellable,
			GError **error)
{
	for (guint i = 0; session->record->disks[i]; i++) {
		g_autofree char *part = part_name(i);
		g_autofree char *from = layer_path(session, part);
		g_autofree char *to = g_build_filename(dir, part, NULL);

		if (!copy_layer(from, to, cancellable, error))
			return FALSE;
	}
	return TRUE;
}

/* Images */

/* The index of the disk that a layer's path is of; -1: it is none. */
static int index_of_layer(const char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *base = g_path_get_basename(path);
	guint64 index;

	if (g_str_has_suffix(dir, "/disks") && g_str_has_prefix(base, VKS_PART_DISK) &&
	    g_ascii_string_to_unsigned(base + strlen(VKS_PART_DISK), 10, 0, VKS_MAX_DISKS - 1,
				       &index, NULL))
		return (int)index;
	return -1;
}

gboolean vks_disks_note(const VksSession *session, VksManifest *manifest, GError **error)
{
	char *const *image = session->record->disks;
	guint known = manifest->host_resources->len;

	/* They are no files of the host's that might change. */
	for (guint i = 0; i < known && *image; i++) {
		VksHostResource *resource = manifest->host_resources->pdata[i];

		if (strcmp(resource->kind, KIND_DISK) == 0 &&
		    !g_strv_contains((const char *const *)image, resource->path) &&
		    index_of_layer(resource->path) >= 0) {
			g_free(resource->kind);
			resource->kind = g_strdup(KIND_LAYER);
		}
	}
	for (; *image; image++) {
		struct stat st;

		if (stat(*image, &st) < 0) {
			vks_error_errno(error, errno, "disk %s", *image);
			return FALSE;
		}
		vks_manifest_add_resource(manifest, KIND_IMAGE, *image, (guint64)st.st_size,
					  vks_change_mtime_ns(&st),
					  MIN(st.st_ino, (guint64)G_MAXINT64));
	}
	return TRUE;
}

char **vks_disks_of_save(const VksManifest *manifest)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	for (guint i = 0; i < manifest->host_resources->len; i++) {
		const VksHostResource *resource = manifest->host_resources->pdata[i];

		if (strcmp(resource->kind, KIND_IMAGE) == 0)
			g_strv_builder_add(builder, resource->path);
	}
	return g_strv_builder_end(builder);
}

/* @return what is wrong with an image; NULL if nothing is */
static const char *problem_of(const VksHostResource *image)
{
	struct stat st;

	if (stat(image->path, &st) < 0)
		return errno == ENOENT ? "is not there any more" : g_strerror(errno);
	if (vks_change_is_same(image, &st))
		return NULL;
	return S_ISREG(st.st_mode) && st.st_ino == image->inode
		       ? "was written after the save"
		       : "is another file than that of the save";
}

gboolean vks_disks_check(const VksManifest *manifest, GError **error)
{
	for (guint i = 0; i < manifest->host_resources->len; i++) {
		const VksHostResource *resource = manifest->host_resources->pdata[i];
		const char *problem;

		if (strcmp(resource->kind, KIND_IMAGE) != 0)
			continue;
		problem = problem_of(resource);
		if (!problem)
			continue;
		g_set_error(error, VKS_ERROR, VKS_ERROR_DISK,
			    "disk %s %s; save %u is untouched and nothing was started; put the "
			    "disk back as it was",
			    resource->path, problem, manifest->generation);
		return FALSE;
	}
	return TRUE;
}

/* Thaw */

static gboolean restore_part(const VksSession *session, guint number, const VksPart *part,
			     GCancellable *cancellable, GError **error)
{
	g_autofree char *from = vks_store_path(session->saves_dir, number, part->name);
	g_autofree char *to = layer_path(session, part->name);
	VksChecksum sum;

	return copy_layer(from, to, cancellable, error) &&
	       vks_checksum_path(to, &sum, NULL, NULL, cancellable, error) &&
	       vks_checksum_compare(part->name, &sum, part->size, part->checksum, error);
}

gboolean vks_disks_restore(const VksSession *session, const VksManifest *manifest,
			   GStrvBuilder *arguments, GCancellable *cancellable, GError **error)
{
	g_autofree char *dir = layers_dir(session);

	if (!vks_tree_remove(dir, error))
		return FALSE;
	for (guint i = 0; i < manifest->parts->len; i++) {
		const VksPart *part = manifest->parts->pdata[i];

		if (g_str_has_prefix(part->name, VKS_PART_DISK) &&
		    (!vks_private_dir_ensure(dir, error) ||
		     !restore_part(session, manifest->generation, part, cancellable, error)))
			return FALSE;
	}
	/* The name that a layer had when it was saved, and the one that it has now. */
	for (guint i = 0; i < manifest->host_resources->len; i++) {
		const VksHostResource *resource = manifest->host_resources->pdata[i];
		g_autofree char *base = g_path_get_basename(resource->path);
		g_autofree char *layer = layer_path(session, base);
		g_autofree char *argument =
			g_strdup_printf("thaw-disk=%s,%s", resource->path, layer);

		if (strcmp(resource->kind, KIND_LAYER) == 0)
			g_strv_builder_add(arguments, argument);
	}
	return TRUE;
}
