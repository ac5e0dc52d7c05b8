/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The same work on many sessions, as many at a time as there are processors. More at a time would
 * only make the first ones later.
 */
#pragma once

#include "vksession/vksession.h"

typedef struct {
	const VksControl *control; /* told the progress of all */
	const char *doing;	   /* what is done, such as "saving" */
	/** Called for each item, in threads. It calls parallel_report() when it is done. */
	void (*work)(gpointer item, gpointer user_data);
	gpointer user_data;
	/* of parallel_run() */
	GMutex mutex;
	guint done, total;
} Parallel;

/** Works on all items, the first ones first. Returns when all is done. */
void parallel_run(Parallel *parallel, const GPtrArray *items);

/** Tells which session is worked on, and that so many more are finished. From any thread. */
void parallel_report(Parallel *parallel, const char *session, guint finished);

/** The control of one item's work: the progress is of all, but who gives up gives up each. */
VksControl parallel_control(const Parallel *parallel);
