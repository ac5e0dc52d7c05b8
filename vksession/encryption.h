/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Encrypted sessions: where their keys are, and how they are had.
 */
#pragma once

#include "vksession/session.h"

/** Finds out whether and how a session is encrypted, and takes its key from the run, if it runs. */
void vks_session_look_for_key(VksSession *session);

/**
 * Makes a session's key, kept by a method. Nothing of the session is encrypted by that, but all
 * saves from now on will be. Asks for a passphrase if need be.
 *
 * @return FALSE with a VKS_ERROR; nothing was changed
 */
gboolean vks_session_make_key(VksSession *session, VksEncryption method, GError **error);

/**
 * Gets the key of a session that is encrypted: from its run, the Secret Service, or by asking for
 * the passphrase.
 * @return FALSE with a VKS_ERROR, LOCKED if it can't be had
 */
gboolean vks_session_unlock(VksSession *session, GError **error);

/**
 * As vks_session_unlock() without asking anybody. @return whether the session is not encrypted, or
 * unlocked now
 */
gboolean vks_session_unlock_quietly(VksSession *session);

/**
 * Unlocks a session, and the manifest of one of its saves. A save that is not encrypted in a
 * session that is was put there by somebody.
 *
 * @return FALSE with a VKS_ERROR as vks_session_unlock(), or a G_IO_ERROR about the save
 */
gboolean vks_session_unlock_save(VksSession *session, VksManifest *manifest, GError **error);

/**
 * Puts the key of an encrypted session where those who save it look for it as long as it runs: in
 * memory. Nothing if it is not encrypted.
 */
gboolean vks_session_keep_key(const VksSession *session, GError **error);
/** Takes it away, at the end of a run. */
void vks_session_forget_key(const VksSession *session);

/** @return where guest memory may be put: of an encrypted session only in memory */
VksStagingMode vks_session_staging_mode(const VksSession *session, const VksPolicy *policy);

/**
 * Destroys the key of an encrypted session, so that nobody can open its saves any more. Nothing if
 * it is not encrypted.
 * @param dir  of the session, where it is now
 */
gboolean vks_session_destroy_key(const VksSession *session, const char *dir, GError **error);
