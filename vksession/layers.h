/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The memory of a save, put together from its own pages and those of the saves before it.
 *
 * Manifests of encrypted saves must be unlocked. Errors are G_IO_ERRORs; INVALID_DATA means that a
 * save is damaged.
 */
#pragma once

#include <gio/gio.h>

#include "vksession/checksum.h"
#include "vksession/manifest.h"
#include "vksession/pages.h"
#include "vksession/seals.h"

/** One save's memory, as one sparse file would hold it. Can be read by several threads. */
typedef struct VksLayers VksLayers;

/**
 * Opens the memory of a save, with all saves (or bases, see store.h) that it needs.
 * @return free with vks_layers_close(); NULL on error
 */
VksLayers *vks_layers_open(const char *saves_dir, const VksManifest *manifest, GError **error);
/** As vks_layers_open(), of a save whose own files are in a directory of another name. */
VksLayers *vks_layers_open_at(const char *dir, const char *saves_dir, const VksManifest *manifest,
			      GError **error);
void vks_layers_close(VksLayers *layers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksLayers, vks_layers_close)

/** @return size of the memory, bytes */
guint64 vks_layers_size(const VksLayers *layers);

/** @return number of files that the memory lies in, 1 and up */
guint vks_layers_count(const VksLayers *layers);

/** @return descriptor of the only file that the memory lies in; -1 if there are several */
int vks_layers_single_fd(const VksLayers *layers);

/**
 * Computes the checksum of the memory as a whole, hidden if it is that of an encrypted save;
 * parameters as those of vks_checksum_fd().
 */
gboolean vks_layers_checksum(VksLayers *layers, VksChecksum *sum, VksChecksumProgress progress,
			     gpointer user_data, GCancellable *cancellable, GError **error);

/** As vks_layers_checksum(), and never hidden. */
gboolean vks_layers_plain_checksum(VksLayers *layers, VksChecksum *sum,
				   VksChecksumProgress progress, gpointer user_data,
				   GCancellable *cancellable, GError **error);

/** Writes the memory as a whole to an empty file. */
gboolean vks_layers_compose(VksLayers *layers, int to, GCancellable *cancellable, GError **error);

/** Which pages of a memory are the same as those of another. */
typedef struct {
	guint64 size;	      /* of the memory, bytes */
	guint8 *same;	      /* bit i%8 of byte i/8: page i is the same */
	gsize bytes;	      /* of `same` */
	guint64 data_pages;   /* pages that are not all zero */
	guint64 changed_data; /* of those: not the same */
} VksPageMap;

void vks_page_map_free(VksPageMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksPageMap, vks_page_map_free)

/** @return bytes that a map of a memory of this size has */
gsize vks_page_map_bytes(guint64 memory_size);

/**
 * Compares a memory, page by page and byte by byte, with that of a save.
 *
 * @param fd     a sparse file that holds the memory as a whole
 * @param other  what to compare with; NULL: nothing is the same
 * @return free with vks_page_map_free(); NULL on error
 */
VksPageMap *vks_layers_compare(int fd, VksLayers *other, GCancellable *cancellable, GError **error);

/** Reads the seals of the memory of an encrypted save whose files are in a directory. */
VksSeals *vks_seals_read(const char *dir, const VksManifest *manifest, GError **error);
