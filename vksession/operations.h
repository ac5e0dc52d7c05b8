/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Operations on a session whose lock is held already, for operations that are made of others.
 * They mean what the functions of the same names in vksession.h mean.
 */
#pragma once

#include "vksession/session.h"

gboolean vks_session_save(VksSession *session, const VksSaveOptions *options,
			  const VksControl *control, VksSaveResult *result, GError **error);

gboolean vks_session_thaw(VksSession *session, const VksThawOptions *options,
			  const VksControl *control, VksThawResult *result, GError **error);

/**
 * Removes the saves that a policy does not keep. What others are built on becomes a base.
 *
 * @param[out] removed  number of saves
 * @return FALSE with a G_IO_ERROR; BUSY if somebody reads the saves
 */
gboolean vks_session_thin(VksSession *session, const VksPolicy *policy, guint *removed,
			  GError **error);

/** Removes kernels and pins that no session needs; in doubt, none. Errors are G_IO_ERRORs. */
gboolean vks_kernels_collect_unused(Vks *vks, GError **error);
