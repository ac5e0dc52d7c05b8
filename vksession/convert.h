/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Encrypting and decrypting saves that are there. Errors are G_IO_ERRORs.
 */
#pragma once

#include "vksession/sealing.h"

/**
 * Rewrites all saves and bases of a session that are not encrypted, or all that are. At each moment
 * each of them can be thawed with the session's key. The session's lock and the exclusive one on
 * its saves are held.
 *
 * @param encrypt  they are to be encrypted; and what was not is overwritten before it is freed
 * @return FALSE with INVALID_DATA if one is damaged, NO_SPACE, CANCELLED, ...; the rest is as it
 * was
 */
gboolean vks_saves_convert(const char *saves_dir, VksSealing *sealing, gboolean encrypt,
			   GCancellable *cancellable, GError **error);
