/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What has become of the host's files that a save depends on.
 */
#pragma once

#include <sys/stat.h>

#include "vksession/manifest.h"
#include "vksession/vksession.h"

/** @return when a file was last modified, in nanoseconds since 1970, as a manifest has it */
gint64 vks_change_mtime_ns(const struct stat *st);

/** @return whether a file is the one of a save: inode, size and time of modification */
gboolean vks_change_is_same(const VksHostResource *resource, const struct stat *st);

/**
 * Looks at all host files of a save.
 *
 * @param store_dir  for copies that were kept
 * @return free with vks_thaw_report_free()
 */
VksThawReport *vks_changes_look(const char *store_dir, const VksManifest *manifest);

/**
 * Makes a directory with a link to the kept copy of each file that needs it, for the vkernel.
 *
 * @param report     of vks_changes_look(); files without a copy are skipped
 * @param directory  made anew
 * @param[out] any   whether there is any
 */
gboolean vks_changes_place_pins(const VksThawReport *report, const char *directory, gboolean *any,
				GError **error);

/**
 * Takes over what the vkernel has found and done, where it knows better.
 * @param text  its thaw-report; untrusted
 */
void vks_changes_merge(VksThawReport *report, const char *text);

/** Writes a report of a thaw beside the session's record, for vks_thaw_report(). */
gboolean vks_changes_store(const VksThawReport *report, const char *path, GError **error);

/** Reads it. @return NULL with NOT_FOUND or INVALID_DATA */
VksThawReport *vks_changes_load(const char *path, GError **error);
