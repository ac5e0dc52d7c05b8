/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What the desktop asks the daemon for. All return at once; long work shows up as a job (see
 * sessions.h). A request that is turned down is told to the one given to requests_init(), with a
 * sentence for the user.
 */
#pragma once

#include "desktop/sessions.h"

/** Who answers for the requests; called in the main loop, texts are borrowed. */
typedef struct {
	/** A request was turned down. */
	void (*failed)(const char *message, gpointer user_data);
	/** A session is thawed with its passphrase only. @param why  the last one did not do; or
	 * NULL */
	void (*ask_passphrase)(const char *session, const char *why, gpointer user_data);
	gpointer user_data;
} RequestsAnswerer;

/** @param answerer  copied */
void requests_init(DesktopSessions *sessions, const RequestsAnswerer *answerer);

/** Saves a session. @param stop  end it once the save is safe */
void request_save(const char *session, gboolean stop);
void request_save_all(void);
/** Thaws the newest save and shows it on this display. Asks for the passphrase first if it has one.
 */
void request_thaw(const char *session);
/** The same with the passphrase, which goes to the daemon through a pipe. */
void request_unlock(const char *session, const char *passphrase);
/** Has the passphrase asked for. @param why  the last one did not do; NULL: it is the first time */
void request_passphrase(const char *session, const char *why);
/** Goes back to a save; what runs is saved before. */
void request_rollback(const char *session, guint number);
/** Ends a session; what was not saved is lost. */
void request_stop(const char *session);
void request_attach(const char *session);
void request_detach(const char *session);
/** @param restore  "always", "ask" or "never" */
void request_restore_policy(VksBusSession1 *session, const char *restore);
