/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Removing saves that others may be built on. Errors are G_IO_ERRORs.
 *
 * Callers hold the session's lock and the exclusive one on its saves.
 */
#pragma once

#include "vksession/sealing.h"

/**
 * Removes a save for good: it is gone at once. If others are built on it, its memory stays as a
 * base until vks_consolidate() has rewritten them.
 *
 * @param shred  overwrite its files before they are freed; see vks_tree_shred()
 */
gboolean vks_saves_remove(const char *saves_dir, guint number, gboolean shred, GError **error);

/** Removes bases that nothing is built on any more. */
gboolean vks_bases_collect(const char *saves_dir, GError **error);

/**
 * Rewrites what is built on bases so that it is not any more, and removes the bases. It can be
 * interrupted anywhere: every save is intact at each moment, and the next call goes on.
 *
 * @param sealing         of an encrypted session; NULL: its bases have to wait, which is no error
 * @param[out] rewritten  number of saves and bases that were
 * @return FALSE with INVALID_DATA if a save is damaged, NOT_SUPPORTED, NO_SPACE, CANCELLED, ...;
 *         nothing is lost then
 */
gboolean vks_consolidate(const char *saves_dir, VksSealing *sealing, GCancellable *cancellable,
			 guint *rewritten, GError **error);
