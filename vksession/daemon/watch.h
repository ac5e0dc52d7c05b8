/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Watches the store and the runtime directory, and processes of sessions, so that what happens
 * without the daemon is noticed.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct Watch Watch;

/** Something about a session changed. @param name  NULL: anything may have changed */
typedef void (*WatchFunc)(const char *name, gpointer user_data);

/**
 * Begins to watch; sessions that are there have to be added.
 * @return free with watch_free(); NULL with a G_IO_ERROR
 */
Watch *watch_new(const char *store_dir, const char *runtime_dir, WatchFunc changed,
		 gpointer user_data, GError **error);
void watch_free(Watch *watch);

/**
 * Watches a session's directories, those that there are now. Cheap if it is done already.
 * @param watch  NULL is allowed here and below: nothing is watched then
 */
void watch_add_session(Watch *watch, const char *name);

/** Reports the end of a process, once, as a change of the session. 0 is no process. */
void watch_add_process(Watch *watch, const char *name, pid_t pid);
