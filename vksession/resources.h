/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The host files that a guest has open, for the manifest: so that a person sees what a save depends
 * on. What a thaw goes by is the image itself.
 */
#pragma once

#include "vksession/image/image.h"
#include "vksession/manifest.h"

/** Copies the list of open host files that have a path into a manifest. */
void vks_resources_note(const VksImage *image, VksManifest *manifest);
