/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Saving every running session: what is done when the machine or the login is about to end. Works
 * with and without the bus.
 */
#pragma once

#include "vksession/vksession.h"

typedef struct {
	gboolean stop;	    /* end the sessions once their saves are safe */
	gboolean force;	    /* as in VksSaveOptions */
	const char *reason; /* NULL: "manual" */
	gint64 deadline_us; /* CLOCK_MONOTONIC; 0: none */
	/** Told "saving" and "" for each session, from any thread; may be NULL. */
	void (*note_activity)(const char *session, const char *activity, gpointer user_data);
	gpointer user_data;
} SaveAllOptions;

typedef enum {
	SAVE_DONE,
	SAVE_FAILED,
	SAVE_UNCHANGED,
} SaveOutcomeKind;

typedef struct {
	char *name;
	SaveOutcomeKind kind;
	guint number;  /* of the save, if done */
	char *message; /* if failed */
	gboolean late; /* it was not done at the deadline */
	/* for choosing the order */
	gboolean attached;
	guint64 work_us; /* processor time since the last save */
	gboolean saved;	 /* it has a save of this run, or was thawed from one */
} SaveOutcome;

/**
 * Saves all running sessions, most important first, as many at a time as there are processors.
 * Waits where a session is being worked on by somebody else.
 *
 * @return array of SaveOutcome, in order of importance, free with g_ptr_array_unref(); NULL only
 *         if sessions can't be listed
 */
GPtrArray *save_all(Vks *vks, const SaveAllOptions *options, const VksControl *control,
		    GError **error);

/** Fails with VKS_ERROR if no session could be saved and there was one to save. */
gboolean save_all_judge(const GPtrArray *outcomes, GError **error);

/** @return whether nothing of what ran is unsaved */
gboolean save_all_is_complete(const GPtrArray *outcomes);
