/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The vkernel binaries that saves need, kept by their content: STORE/kernels/<checksum>/vkernel.
 * A session always runs the copy in the store, so an upgrade of vksession never orphans a save.
 * Functions that change the directory must be called with the store's lock held.
 */
#pragma once

#include <gio/gio.h>

#include "vksession/checksum.h"

/**
 * Makes sure that a copy of a vkernel is in the store.
 *
 * @param source     the binary
 * @param[out] hash  its checksum
 * @return path of the copy, free with g_free(); NULL with NOT_SUPPORTED if there is no source, or
 *         another G_IO_ERROR
 */
char *vks_kernels_put(const char *store_dir, const char *source, char hash[VKS_CHECKSUM_HEX + 1],
		      GError **error);

/**
 * Finds a kept vkernel and compares its checksum.
 * @return path, free with g_free(); NULL with INVALID_DATA if it is missing or damaged
 */
char *vks_kernels_get(const char *store_dir, const char *hash, GError **error);

/**
 * Removes the kernels that are not in use.
 * @param used  set of checksums (keys)
 */
gboolean vks_kernels_collect(const char *store_dir, GHashTable *used, GError **error);
