/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file The texts of the kernel's replies to save requests. */
#pragma once

#include "launcher/launcher.h"

/**
 * Reads "saved memory=1 state=2 quiesce_us=3 dump_us=4 resume_us=5". Words it does not know are
 * skipped; figures that are missing are 0.
 *
 * @return FALSE if the text does not begin with "saved"
 */
gboolean vk_checkpoint_parse_stats(const char *text, VkCheckpointStats *stats);

/**
 * Makes an error of "errno=<n> step=<word> <text>", or of any other text.
 *
 * @return a new error: NO_SPACE for ENOSPC and EDQUOT, else FAILED
 */
GError *vk_checkpoint_parse_failure(const char *text);
