/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Saves in the background while sessions are in use, so that the save at the end is small and a
 * crash costs little.
 */
#pragma once

#include "vksession/daemon/config.h"
#include "vksession/daemon/daemon.h"

/** What is known of a running session. Times: microseconds, moments of CLOCK_MONOTONIC. */
typedef struct {
	gint64 since_us;    /* the last save, or the last try, or when it was first seen */
	gint64 looked_us;   /* when it was looked at last; 0: never */
	guint64 work_us;    /* processor time that it had used since its last save by then */
	guint64 recent_us;  /* of it between the last two looks, */
	gint64 interval_us; /* which lay so far apart; 0: there was only one */
	guint64 changed_us; /* of it, what was more than a session uses that does nothing */
} AutosaveFacts;

/**
 * Takes in what was seen at a look.
 *
 * @param saved  a save was made since the look before
 */
void autosave_note(AutosaveFacts *facts, gint64 looked_us, guint64 work_us, gboolean saved);

/** Whether what was seen is more than a session does when nobody does anything with it. */
gboolean autosave_has_changes(const AutosaveFacts *facts);

/** Whether a session is to be saved now. */
gboolean autosave_is_due(const Config *config, const AutosaveFacts *facts, gint64 now_us);

typedef struct Autosave Autosave;

/** Begins to look after sessions. Free with autosave_free() */
Autosave *autosave_new(Daemon *daemon);
void autosave_free(Autosave *autosave);
