/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What the desktop asks the daemon for. All return at once; long work shows up as a job (see
 * sessions.h). A request that is turned down is told to the function given to requests_init(),
 * with a sentence for the user.
 */
#pragma once

#include "desktop/sessions.h"

/** @param failed  called in the main loop; the message is borrowed */
void requests_init(DesktopSessions *sessions, void (*failed)(const char *message, gpointer),
		   gpointer user_data);

/** Saves a session. @param stop  end it once the save is safe */
void request_save(const char *session, gboolean stop);
void request_save_all(void);
/** Thaws the newest save and shows it on this display. */
void request_thaw(const char *session);
/** Goes back to a save; what runs is saved before. */
void request_rollback(const char *session, guint number);
/** Ends a session; what was not saved is lost. */
void request_stop(const char *session);
void request_attach(const char *session);
void request_detach(const char *session);
/** @param restore  "always", "ask" or "never" */
void request_restore_policy(VksBusSession1 *session, const char *restore);
