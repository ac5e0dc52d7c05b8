/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The image of a save beside its manifest. Errors are G_IO_ERRORs as in image/image.h.
 */
#pragma once

#include "vksession/image/check.h"
#include "vksession/manifest.h"

/**
 * Reads the image of a save, and compares it with its manifest and its memory file.
 *
 * @param manifest  unlocked
 * @return free with vks_image_free(); NULL on error
 */
VksImage *vks_image_load(const char *saves_dir, const VksManifest *manifest, GError **error);
/** The same of a save that is in a directory of another name. */
VksImage *vks_image_load_at(const char *dir, const VksManifest *manifest, GError **error);

/**
 * The same before a thaw: also whether it is of this very kernel, and whether this machine will do.
 * Nothing is touched.
 */
VksImage *vks_image_fit(const char *saves_dir, const VksManifest *manifest, const char *kernel,
			GError **error);
