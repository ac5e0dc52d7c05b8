/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The daemon's sessions and jobs, as the desktop sees them: over D-Bus only, always up to date.
 * The interface is described in org.vksession.xml. If the daemon ends it is started again by the
 * next call, and what runs is unharmed.
 *
 * Signals of DesktopSessions:
 *   "changed"                      sessions came, went or changed; the list is new
 *   "job-began" (VksBusJob1 *)      work was begun, by whomever
 *   "job-ended" (VksBusJob1 *)      its State, Result and Error are final
 */
#pragma once

#include <gio/gio.h>

#include "desktop/words.h"
#include "vksession-bus.h"

#define DESKTOP_TYPE_SESSIONS (desktop_sessions_get_type())
G_DECLARE_FINAL_TYPE(DesktopSessions, desktop_sessions, DESKTOP, SESSIONS, GObject)

/** Connects to the daemon, starting it if need be. Signals tell of the rest. */
DesktopSessions *desktop_sessions_new(void);

/** @return array of VksBusSession1 by name, with references; free with g_ptr_array_unref() */
GPtrArray *desktop_sessions_list(DesktopSessions *sessions);

/** @return the session of that name with a reference, or NULL */
VksBusSession1 *desktop_sessions_find(DesktopSessions *sessions, const char *name);

/** @return borrowed; NULL before the daemon has answered */
VksBusManager1 *desktop_sessions_manager(DesktopSessions *sessions);

/** Whether the daemon is on the bus now. */
gboolean desktop_sessions_available(DesktopSessions *sessions);

/** What is said of a session; strings are borrowed until its properties change. */
void desktop_session_words(VksBusSession1 *session, WordsSession *words);

/**
 * Asks what the last thaw of a session found changed on the disk; of one that does not run, what a
 * thaw would find.
 *
 * @param answered  gets the session; g_dbus_proxy_call_finish() gives (a(sss)), the entries of
 *                  GetThawReport
 */
void desktop_session_get_changes(VksBusSession1 *session, GAsyncReadyCallback answered,
				 gpointer user_data);

/** @return whether the session runs */
gboolean desktop_session_runs(VksBusSession1 *session);
