/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Notifications about work on sessions: progress of what takes longer than a second, failures with
 * a way to try again, what a thaw found changed, and the way back after going back.
 */
#pragma once

#include "desktop/sessions.h"

typedef struct Notices Notices;

/**
 * @param show_changes  shows what a session's last thaw found changed; from a notification's action
 * @return free with notices_free(); needs notify_init() before
 */
Notices *notices_new(DesktopSessions *sessions, void (*show_changes)(const char *session, gpointer),
		     gpointer user_data);
void notices_free(Notices *notices);

/** Shows a failure that belongs to no job. @param user_data  the Notices */
void notices_failed(const char *message, gpointer user_data);
