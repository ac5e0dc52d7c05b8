/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What the desktop says of sessions, in words a person reads: translated, without markup. All
 * strings that are returned as char * are to be freed with g_free().
 */
#pragma once

#include <glib.h>

/** What is known of a session, of those things that are said. */
typedef struct {
	const char *name;
	const char *state;    /* as the property State */
	const char *activity; /* as the property Activity */
	const char *problem;
	gint64 last_save_us; /* CLOCK_REALTIME; 0: never saved */
	gboolean unsaved;
} WordsSession;

/** How all sessions together are; the order is that of urgency. */
typedef enum {
	OVERALL_NONE,	 /* no session runs */
	OVERALL_SAVED,	 /* all that runs is saved as it is, or nearly so */
	OVERALL_UNSAVED, /* something ran since a save */
	OVERALL_SAVING,
	OVERALL_PROBLEM,
} Overall;

/** How a single session is. @param now_us  CLOCK_REALTIME */
Overall words_overall(const WordsSession *session, gint64 now_us);

/** Name of the icon (without "-symbolic") for a state of all. */
const char *words_icon(Overall overall);

/** "just now", "5 minutes ago", "yesterday, 17:20", ... @param now_us, then_us  CLOCK_REALTIME */
char *words_age(gint64 now_us, gint64 then_us);

/** "running, saved 5 minutes ago", "saved 2 hours ago, not running", "saving...", ... */
char *words_session(const WordsSession *session, gint64 now_us);

/**
 * One line for all: "2 sessions are running, the oldest save is from 5 minutes ago"; if there is a
 * problem or something is being saved, that.
 */
char *words_all(const WordsSession *sessions, gsize n, gint64 now_us);

/** Moment of a save for a list of them: "today, 17:20", "Friday, 9:05", "3 May, 12:00". */
char *words_moment(gint64 now_us, gint64 then_us);

/**
 * Of a session that is back, or that could be brought back: since when, and what changed meanwhile.
 *
 * @param saved_us  CLOCK_REALTIME of the save
 * @param n_changes  files on the disk that are not what they were
 */
char *words_return(gboolean runs, gboolean crashed, gint64 now_us, gint64 saved_us,
		   gsize n_changes);

/** What a save takes: "300 MB, took 2.5 s, programs stood still for 0.7 s". @param total_us  0:
 * unknown */
char *words_cost(guint64 disk_bytes, guint64 total_us, guint64 pause_us);

/** Why a save was made, from the word recorded in it: "shutdown" -> "at shutdown"; "" if manual. */
const char *words_reason(const char *reason);
