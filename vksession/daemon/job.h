/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Jobs: long work in threads, shown on the bus as org.vksession.Job1 objects. All functions are for
 * the main thread.
 */
#pragma once

#include "vksession/daemon/daemon.h"
#include "vksession/daemon/work.h"

typedef struct Jobs Jobs;

Jobs *jobs_new(Daemon *daemon);
/** Waits for work under way. */
void jobs_free(Jobs *jobs);

/**
 * Begins work, or puts it behind background work on the same session.
 *
 * @param request     taken over
 * @param background  not asked for by anybody: it gives way
 * @return object path of the job, borrowed, valid until the main loop runs
 */
const char *jobs_begin(Jobs *jobs, const WorkKind *kind, Request *request, gboolean background);

/** Whether any work is under way. @param session  NULL: for any session */
gboolean jobs_busy(const Jobs *jobs, const char *session);

/** Cancels background work; then calls a function once when no work is left. */
void jobs_drain(Jobs *jobs, void (*drained)(gpointer user_data), gpointer user_data);
