/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * logind, or elogind under the same name: what it announces, and its delay locks.
 * Source: org.freedesktop.login1(5), https://systemd.io/INHIBITOR_LOCKS/
 */
#pragma once

#include <gio/gio.h>

#include "pm-hooks/power-machine.h"

typedef struct LogindWatch LogindWatch;

struct logind_callbacks {
	/** Something has happened. */
	void (*event)(gpointer data, enum power_event event);
	/** The lid is known to be open or closed; also if nothing has changed. */
	void (*lid)(gpointer data, gboolean closed);
	/**
	 * The answer to logind_watch_take_lock().
	 * @param fd     the lock: the receiver closes it to release it; -1: refused
	 * @param error  why; NULL if granted
	 */
	void (*lock)(gpointer data, int fd, const GError *error);
};

/**
 * Begins to watch. When logind is there, and again whenever it is started again, the events that
 * say what it is at come first (POWER_SLEEP_END and POWER_SHUTDOWN_END if it is at nothing), then
 * POWER_LOGIND_UP.
 *
 * @param connection  to the system bus; referenced
 * @param callbacks, data  borrowed; called from the main loop
 * @return free with logind_watch_free()
 */
LogindWatch *logind_watch_new(GDBusConnection *connection, const struct logind_callbacks *callbacks,
			      gpointer data);

/** Ends the watch; nothing is called any more, not even for a request under way. NULL is fine. */
void logind_watch_free(LogindWatch *watch);

/** Asks for a delay lock for shutdown and sleep; the callback `lock` answers. */
void logind_watch_take_lock(LogindWatch *watch);

/** @return how long logind waits for the holders of delay locks, in microseconds */
guint64 logind_watch_delay_us(const LogindWatch *watch);
