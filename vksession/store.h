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
#define VKS_PART_MEMORY	   "memory"
#define VKS_PART_STATE	   "state"
/** Which pages of the memory are those of the save that it is built on; needed if it is. */
#define VKS_PART_SAME	   "memory.same"
/** Which pages the memory file of an encrypted save holds, and how they are opened; it needs it. */
#define VKS_PART_SEALS	   "memory.seals"
/** Optional part: positions of windows. */
#define VKS_PART_LAYOUT	   "layout.json"
#define VKS_PART_THUMBNAIL "thumbnail.png"
/** With the number of a disk, 0 and up: its layer (disks.h). */
#define VKS_PART_DISK	   "disk-"

/** In the directory of a save or base, besides its parts. */
#define VKS_MANIFEST	"manifest.json"
/** Name of a base's directory, and its number. */
#define VKS_BASE_PREFIX ".base-"

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

/** Removes what interrupted saves and drops left behind. Bases are not touched. */
gboolean vks_store_clean(const char *saves_dir, GError **error);

/**
 * Reads the manifest of a save and compares the sizes of its parts, but not their content.
 *
 * @return NULL with NOT_FOUND if there is no such save, INVALID_DATA if it is damaged
 */
VksManifest *vks_store_load(const char *saves_dir, guint number, GError **error);

/** As vks_store_load(), also for a base: a save that was dropped, but that others are built on. */
VksManifest *vks_store_load_layer(const char *saves_dir, guint number, GError **error);

/** Directory of a save or of a base; free with g_free(). */
char *vks_store_layer_path(const char *saves_dir, guint number);

/** Numbers of all bases, ascending. */
GArray *vks_store_bases(const char *saves_dir, GError **error);

/** Makes a save a base: from now on it is no save any more, but its memory stays. Durable. */
gboolean vks_store_retire(const char *saves_dir, guint number, GError **error);

/** Removes a base. */
gboolean vks_store_remove_base(const char *saves_dir, guint number, GError **error);

/**
 * Puts a temporary directory in the place of the save or base of its manifest's number, in one
 * atomic, durable step, and removes what was there. As vks_store_publish() otherwise.
 *
 * @param shred  overwrite what was there before
 * @return FALSE with NOT_SUPPORTED if the file system can't exchange names; nothing has changed
 */
gboolean vks_store_replace(const char *saves_dir, const char *temporary,
			   const VksManifest *manifest, gboolean shred, GError **error);

/**
 * Reads all parts of a save and compares their checksums, and that of its memory as a whole. All
 * that is encrypted is opened; if the manifest is locked, only the checksums of what is in the
 * files are compared.
 *
 * @param progress  gets the bytes looked at of all parts together; may be NULL
 * @return FALSE with INVALID_DATA that names the part, CANCELLED, or the read error
 */
gboolean vks_store_verify(const char *saves_dir, const VksManifest *manifest,
			  VksChecksumProgress progress, gpointer user_data,
			  GCancellable *cancellable, GError **error);

/**
 * Puts a save together as the kernel reads it, not encrypted: files `memory`, whole, and `state`,
 * and compares their checksums. Also for a save that is whole itself.
 *
 * @param dir  an empty directory
 * @return FALSE as vks_store_verify(), or with the error of writing
 */
gboolean vks_store_compose(const char *saves_dir, const VksManifest *manifest, const char *dir,
			   VksChecksumProgress progress, gpointer user_data,
			   GCancellable *cancellable, GError **error);

/**
 * Removes a save: it is gone at once and for good, then its space is freed.
 * @param shred  overwrite its files before; if that is interrupted, vks_store_clean() goes on
 */
gboolean vks_store_remove(const char *saves_dir, guint number, gboolean shred, GError **error);
