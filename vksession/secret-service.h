/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Secrets of sessions in the Secret Service: GNOME Keyring, KWallet, KeePassXC, ...
 *
 * Errors are G_IO_ERRORs: NOT_SUPPORTED if no service answers, NOT_FOUND if it has no such secret,
 * PERMISSION_DENIED if it stays locked.
 */
#pragma once

#include "vksession/keys.h"

/** @return whether there is a session bus; GDBus would start one of its own where there is none */
gboolean vks_session_bus_exists(void);

/** Stores a secret. @param item  its name; @param session  for the person who looks through them */
gboolean vks_secret_service_put(const char *item, const char *session, VksSecret *secret,
				GError **error);

/**
 * Looks a secret up.
 * @param may_ask  the service may ask the person to unlock it
 */
VksSecret *vks_secret_service_get(const char *item, gboolean may_ask, GError **error);

/** Removes a secret. One that is not there is a success. */
gboolean vks_secret_service_remove(const char *item, GError **error);
