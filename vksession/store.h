/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The numbered saves of one session on the disk. Errors are G_IO_ERRORs.
 *
 * `saves_dir` is the session's directory `saves`, throughout. Functions that change it must be
 * called with the session's lock held.
 */
#pragma once

#include <gio/gio.h>

#include "vksession/manifest.h"

/** The parts that a thaw needs, and so every save has. */
#define VKS_PART_MEMORY "memory"
#define VKS_PART_STATE	"state"
/** Optional part: positions of windows. */
#define VKS_PART_LAYOUT "layout.json"

/** Numbers of all saves, ascending, valid or not. What has no canonical number is no save. */
GArray *vks_store_numbers(const char *saves_dir, GError **error);

/** Path of a save or of a file in it; free with g_free(). @param file  NULL: the save itself */
char *vks_store_path(const char *saves_dir, guint number, const char *file);

/**
 * Begins a new save: makes saves_dir if need be, and a private, empty, temporary directory in it.
 * @return its path, free with g_free(); NULL on error
 */
char *vks_store_begin(const char *saves_dir, GError **error);

/**
 * Makes a temporary directory the save of its manifest's number, in one atomic, durable step. Its
 * parts must have been synced; the manifest is written here, last.
 */
gboolean vks_store_publish(const char *saves_dir, const char *temporary,
			   const VksManifest *manifest, GError **error);

/** Removes what interrupted saves and drops left behind. */
gboolean vks_store_clean(const char *saves_dir, GError **error);

/**
 * Reads the manifest of a save and compares the sizes of its parts, but not their content.
 *
 * @return NULL with NOT_FOUND if there is no such save, INVALID_DATA if it is damaged
 */
VksManifest *vks_store_load(const char *saves_dir, guint number, GError **error);

/**
 * Reads all parts of a save and compares their checksums.
 *
 * @param progress  gets the bytes looked at of all parts together; may be NULL
 * @return FALSE with INVALID_DATA that names the part, CANCELLED, or the read error
 */
gboolean vks_store_verify(const char *saves_dir, const VksManifest *manifest,
			  VksChecksumProgress progress, gpointer user_data,
			  GCancellable *cancellable, GError **error);

/** Removes a save: it is gone at once and for good, then its space is freed. */
gboolean vks_store_remove(const char *saves_dir, guint number, GError **error);
