/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The host files that a guest has open, as the vkernel noted them in the part `state` of a save.
 */
#pragma once

#include "vksession/manifest.h"

/**
 * Copies the list of open host files into a manifest.
 *
 * @param path  a `state` file; untrusted
 * @return FALSE with NOT_SUPPORTED if the file has another format than the one known here, or
 *         INVALID_DATA if it is malformed; the manifest is then unchanged
 */
gboolean vks_resources_read(const char *path, VksManifest *manifest, GError **error);
