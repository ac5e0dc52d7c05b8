/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The parts of a save but its memory, as files: sealed if the save's manifest says so.
 *
 * `dir` is the directory of the save, or that where it is being made. Errors are G_IO_ERRORs;
 * INVALID_DATA means that the save is damaged.
 */
#pragma once

#include "vksession/manifest.h"

/** Makes a part, synced. */
gboolean vks_part_put(const char *dir, const VksManifest *manifest, const char *name,
		      const void *data, gsize length, GError **error);

/** Makes a part of what a descriptor gives from its position on. Nothing is synced. */
gboolean vks_part_put_fd(const char *dir, const VksManifest *manifest, const char *name, int from,
			 GError **error);

/** Makes a part of a file that lies elsewhere, and removes that. Nothing is synced. */
gboolean vks_part_put_file(const char *dir, const VksManifest *manifest, const char *name,
			   const char *from, GError **error);

/**
 * Reads a part.
 * @return NUL-terminated content, free with g_free(); NULL on error (INVALID_DATA if it is longer
 *         than max_length)
 */
char *vks_part_get(const char *dir, const VksManifest *manifest, const char *name, gsize max_length,
		   gsize *length, GError **error);

/**
 * Opens a part for reading. What is sealed is put into a file that lies in memory only.
 * @return a descriptor of a regular file, at its beginning; -1 on error
 */
int vks_part_open(const char *dir, const VksManifest *manifest, const char *name, GError **error);

/** Writes what a part holds to a new file of ours. */
gboolean vks_part_extract(const char *dir, const VksManifest *manifest, const char *name,
			  const char *to, GError **error);

/** Fails unless a sealed part can be opened; one that is not sealed, or locked, is not read. */
gboolean vks_part_check(const char *dir, const VksManifest *manifest, const char *name,
			GError **error);
