/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The client's side of org.vksession.Manager1 as far as power and login need it: begin a job that
 * concerns all sessions, and follow it to its end.
 */
#pragma once

#include <gio/gio.h>

typedef struct Saver Saver;

/** What became of a job; valid during the callback only. */
struct saver_outcome {
	const GError *error; /* the job as a whole failed or was lost; NULL if it came to an end */
	GVariant *result;    /* a{sv}, as org.vksession.xml says; NULL with error */
	gint64 elapsed_us;   /* of CLOCK_MONOTONIC */
};

typedef void (*SaverDone)(gpointer data, const struct saver_outcome *outcome);

/**
 * @param session_bus  referenced
 * @return free with saver_free()
 */
Saver *saver_new(GDBusConnection *session_bus);

/** Gives up waiting; a job that was begun goes on by itself. NULL is fine. */
void saver_free(Saver *saver);

/**
 * Calls Manager1.SaveAll, which starts vksessiond if need be. If vksessiond is lost in the middle,
 * once more: the next one adopts the sessions. One at a time.
 *
 * @param reason       recorded in the saves
 * @param stop         end the sessions once they are safe
 * @param deadline_us  from now; 0: none
 * @param done         called once, from the main loop
 */
void saver_save_all(Saver *saver, const char *reason, gboolean stop, guint64 deadline_us,
		    SaverDone done, gpointer data);

/**
 * Calls Manager1.Restore; otherwise as saver_save_all().
 *
 * @param display      where windows are to appear; NULL: vksessiond's choice
 * @param environment  of the login; NULL: vksessiond's choice
 */
void saver_restore(Saver *saver, const char *display, const char *const *environment,
		   SaverDone done, gpointer data);
