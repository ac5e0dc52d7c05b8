/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/kernels.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/error.h"

#define TEMPORARY ".new"
#define BINARY	  "vkernel"

static gboolean copy_binary(const char *source, const char *target, GError **error)
{
	autofd from = open(source, O_RDONLY | O_CLOEXEC);
	autofd to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);

	if (from < 0 || to < 0 || !vks_copy_content(from, to) || fchmod(to, 0500) < 0 ||
	    fsync(to) < 0) {
		vks_error_errno(error, errno, "cannot copy %s to %s", source, target);
		return FALSE;
	}
	return TRUE;
}

static gboolean binary_matches(const char *path, const char *hash)
{
	VksChecksum sum;

	return vks_checksum_path(path, &sum, NULL, NULL, NULL, NULL) && strcmp(sum.hex, hash) == 0;
}

/* Copies beside, compares what arrived with what was asked for, and gives it its name. */
static gboolean add_copy(const char *kernels, const char *source, const char *hash, GError **error)
{
	g_autofree char *temporary = g_build_filename(kernels, TEMPORARY, NULL);
	g_autofree char *file = g_build_filename(temporary, BINARY, NULL);
	g_autofree char *final = g_build_filename(kernels, hash, NULL);

	if (!vks_private_dir_ensure(kernels, error) || !vks_tree_remove(temporary, error) ||
	    !vks_private_dir_ensure(temporary, error) || !copy_binary(source, file, error))
		return FALSE;
	if (!binary_matches(file, hash)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s changed while it was copied",
			    source);
		return FALSE;
	}
	/* What is in its place was damaged, or add_copy() would not have been called. */
	return vks_path_sync(temporary, error) && vks_tree_remove(final, error) &&
	       vks_rename_new(temporary, final, error);
}

char *vks_kernels_put(const char *store_dir, const char *source, char hash[VKS_CHECKSUM_HEX + 1],
		      GError **error)
{
	g_autofree char *kernels = g_build_filename(store_dir, "kernels", NULL);
	g_autofree char *path = NULL;
	VksChecksum sum;

	if (access(source, X_OK) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "the vkernel is missing (%s: %s)", source, g_strerror(errno));
		return NULL;
	}
	if (!vks_checksum_path(source, &sum, NULL, NULL, NULL, error))
		return NULL;
	path = g_build_filename(kernels, sum.hex, BINARY, NULL);
	if (!binary_matches(path, sum.hex) && !add_copy(kernels, source, sum.hex, error))
		return NULL;
	g_strlcpy(hash, sum.hex, VKS_CHECKSUM_HEX + 1);
	return g_steal_pointer(&path);
}

char *vks_kernels_get(const char *store_dir, const char *hash, GError **error)
{
	g_autofree char *path = g_build_filename(store_dir, "kernels", hash, BINARY, NULL);

	if (access(path, F_OK) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "the vkernel of this save (%.8s) is not in the store", hash);
		return NULL;
	}
	if (!binary_matches(path, hash)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "the vkernel of this save (%.8s) is damaged", hash);
		return NULL;
	}
	return g_steal_pointer(&path);
}

gboolean vks_kernels_collect(const char *store_dir, GHashTable *used, GError **error)
{
	g_autofree char *kernels = g_build_filename(store_dir, "kernels", NULL);
	g_autoptr(GError) cause = NULL;
	g_autoptr(GPtrArray) names = vks_dir_names(kernels, &cause);

	if (!names && !g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	for (guint i = 0; names && i < names->len; i++) {
		g_autofree char *path = g_build_filename(kernels, names->pdata[i], NULL);

		if (!g_hash_table_contains(used, names->pdata[i]) && !vks_tree_remove(path, error))
			return FALSE;
	}
	return TRUE;
}
