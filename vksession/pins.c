/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   keep    - For each file that a save wants and that has no link by its name yet: copy to a
 *             temporary file, see that the original was what the save says before and after, sync,
 *             give the copy the name of its checksum, and only then make the link. What is
 *             interrupted leaves a temporary file, which the next one removes.
 *   find    - The link leads to a checksum, and the checksum is compared.
 *   collect - Links of names that no save uses go first, then copies that no link leads to.
 *
 * A lock is held by those who change the directory. Links are not followed but read: they must be
 * "../<checksum>".
 */
#include "vksession/pins.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/changes.h"
#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/image/image.h"
#include "vksession/lock.h"

#define PINS	  "pins"
#define BY_FILE	  ".by-file"
#define TEMPORARY ".new"
#define LINK_UP	  "../"

gboolean vks_pins_wants(const VksHostResource *resource)
{
	return strcmp(resource->kind, "file") == 0 &&
	       resource->use & (VKS_USE_EXECUTABLE | VKS_USE_PRIVATE);
}

char *vks_pins_name(const VksHostResource *resource)
{
	gint64 seconds = resource->mtime_ns / 1000000000, rest = resource->mtime_ns % 1000000000;

	if (rest < 0) {
		seconds--;
		rest += 1000000000;
	}
	return g_strdup_printf("%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
			       "-%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT,
			       resource->device, resource->inode, resource->size, seconds, rest);
}

static char *pins_path(const char *store_dir, const char *name)
{
	return g_build_filename(store_dir, PINS, name, NULL);
}

static char *link_path(const char *store_dir, const char *name)
{
	return g_build_filename(store_dir, PINS, BY_FILE, name, NULL);
}

/* The checksum that a link leads to; NULL if there is no link of ours. */
static char *read_link(const char *store_dir, const char *name)
{
	g_autofree char *path = link_path(store_dir, name);
	g_autofree char *target = g_file_read_link(path, NULL);

	if (!target || !g_str_has_prefix(target, LINK_UP) ||
	    !vks_checksum_is_hex(target + strlen(LINK_UP)))
		return NULL;
	return g_strdup(target + strlen(LINK_UP));
}

static gboolean is_kept(const char *store_dir, const VksHostResource *resource)
{
	g_autofree char *name = vks_pins_name(resource);
	g_autofree char *hash = read_link(store_dir, name);
	g_autofree char *path = hash ? pins_path(store_dir, hash) : NULL;
	struct stat st;

	return path && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (guint64)st.st_size == resource->size;
}

int vks_pins_lock(const char *store_dir, GError **error)
{
	g_autofree char *path = g_build_filename(store_dir, ".locks", ".pins", NULL);

	return vks_lock_take(path, "pins", TRUE, error);
}

/* Copies a file that is open, unless it is not (or does not stay) what the save says. */
static gboolean copy_unchanged(int from, const VksHostResource *resource, const char *target,
			       gboolean *unchanged, VksChecksum *sum, GCancellable *cancellable,
			       GError **error)
{
	autofd to = -1;
	struct stat st;

	*unchanged = fstat(from, &st) == 0 && vks_change_is_same(resource, &st);
	if (!*unchanged)
		return TRUE;
	to = open(target, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0 || !vks_copy_content(from, to) || fchmod(to, 0400) < 0 || fsync(to) < 0) {
		vks_error_errno(error, errno, "cannot copy %s", resource->path);
		return FALSE;
	}
	*unchanged = fstat(from, &st) == 0 && vks_change_is_same(resource, &st);
	return vks_checksum_fd(to, sum, NULL, NULL, cancellable, error);
}

static gboolean make_link(const char *store_dir, const char *name, const char *hash, GError **error)
{
	g_autofree char *path = link_path(store_dir, name);
	g_autofree char *target = g_strconcat(LINK_UP, hash, NULL);

	/* What is there leads nowhere, or is_kept() would have been true. */
	if ((unlink(path) < 0 && errno != ENOENT) || symlink(target, path) < 0) {
		vks_error_errno(error, errno, "cannot make the link %s", path);
		return FALSE;
	}
	return TRUE;
}

/* Gives a copy its name; if there is one of that name already it is the same, or damaged. */
static gboolean take_copy(const char *store_dir, const char *temporary,
			  const VksHostResource *resource, const VksChecksum *sum, GError **error)
{
	g_autofree char *final = pins_path(store_dir, sum->hex);
	g_autofree char *name = vks_pins_name(resource);
	g_autofree char *pins = pins_path(store_dir, NULL);

	if (rename(temporary, final) < 0) {
		vks_error_errno(error, errno, "cannot rename %s to %s", temporary, final);
		return FALSE;
	}
	return vks_path_sync(pins, error) && make_link(store_dir, name, sum->hex, error);
}

static gboolean keep_one(const char *store_dir, const VksHostResource *resource,
			 VksPinsResult *result, GCancellable *cancellable, GError **error)
{
	autofd from = open(resource->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	g_autofree char *temporary = pins_path(store_dir, TEMPORARY);
	gboolean unchanged = FALSE, ok;
	VksChecksum sum;

	if (from >= 0 && !vks_tree_remove(temporary, error))
		return FALSE;
	ok = from < 0 ||
	     copy_unchanged(from, resource, temporary, &unchanged, &sum, cancellable, error);
	if (ok && unchanged)
		ok = take_copy(store_dir, temporary, resource, &sum, error);
	if (!ok || !unchanged)
		unlink(temporary);
	if (unchanged)
		result->copied++;
	else
		result->missed++;
	return ok;
}

gboolean vks_pins_keep(const char *store_dir, const VksManifest *manifest, VksPinsResult *result,
		       GCancellable *cancellable, GError **error)
{
	g_autofree char *by_file = link_path(store_dir, NULL);
	autofd lock = vks_pins_lock(store_dir, error);

	*result = (VksPinsResult){ 0 };
	if (lock < 0 || !vks_private_dir_ensure(by_file, error))
		return FALSE;
	for (guint i = 0; i < manifest->host_resources->len; i++) {
		const VksHostResource *resource = manifest->host_resources->pdata[i];

		if (!vks_pins_wants(resource))
			continue;
		if (is_kept(store_dir, resource)) {
			result->present++;
			continue;
		}
		if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
		    !keep_one(store_dir, resource, result, cancellable, error))
			return FALSE;
	}
	return result->copied == 0 || vks_path_sync(by_file, error);
}

gboolean vks_pins_take(const char *store_dir, const VksHostResource *resource, const char *from,
		       GCancellable *cancellable, GError **error)
{
	g_autofree char *by_file = link_path(store_dir, NULL);
	VksChecksum sum;

	if (is_kept(store_dir, resource))
		return TRUE;
	if (!vks_private_dir_ensure(by_file, error) ||
	    !vks_checksum_path(from, &sum, NULL, NULL, cancellable, error))
		return FALSE;
	if (sum.size != resource->size) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "the copy of %s has another size", resource->path);
		return FALSE;
	}
	return vks_path_sync(from, error) && take_copy(store_dir, from, resource, &sum, error);
}

char *vks_pins_find(const char *store_dir, const VksHostResource *resource)
{
	g_autofree char *name = vks_pins_name(resource);
	g_autofree char *hash = read_link(store_dir, name);
	g_autofree char *path = hash ? pins_path(store_dir, hash) : NULL;
	VksChecksum sum;

	if (!path || !vks_checksum_path(path, &sum, NULL, NULL, NULL, NULL) ||
	    strcmp(sum.hex, hash) != 0 || sum.size != resource->size)
		return NULL;
	return g_steal_pointer(&path);
}

/* Removes the links that nobody needs; the others tell which copies are needed. */
static gboolean collect_links(const char *store_dir, GHashTable *used, GHashTable *copies,
			      GError **error)
{
	g_autofree char *by_file = link_path(store_dir, NULL);
	g_autoptr(GPtrArray) names = vks_dir_names(by_file, error);

	for (guint i = 0; names && i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *path = link_path(store_dir, name);
		char *hash = read_link(store_dir, name);

		if (hash && g_hash_table_contains(used, name)) {
			g_hash_table_add(copies, hash);
			continue;
		}
		g_free(hash);
		if (!vks_tree_remove(path, error))
			return FALSE;
	}
	/* Links go for good before what they lead to does. */
	return names && vks_path_sync(by_file, error);
}

gboolean vks_pins_collect(const char *store_dir, GHashTable *used, GError **error)
{
	g_autoptr(GHashTable) copies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *pins = pins_path(store_dir, NULL);
	g_autoptr(GPtrArray) names = NULL;
	gboolean there = FALSE;

	if (!vks_dir_exists(pins, &there, error))
		return FALSE;
	if (!there)
		return TRUE;
	if (!collect_links(store_dir, used, copies, error))
		return FALSE;
	names = vks_dir_names(pins, error);
	for (guint i = 0; names && i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *path = pins_path(store_dir, name);

		if (strcmp(name, BY_FILE) == 0 || g_hash_table_contains(copies, name))
			continue;
		if (!vks_tree_remove(path, error))
			return FALSE;
	}
	return names != NULL;
}
