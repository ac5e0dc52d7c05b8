/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * One fault: which system call of which kind fails, and how.
 */
#pragma once

#include "trace.h"

#define MAX_FAULTY_CALLS 40

/** Kinds of system calls that can be made to fail. */
extern const gsize n_faulty_calls;

/** @return their numbers, ended by -1, for Tracer.calls */
const int *faulty_call_numbers(void);

/** @return the kind of a system call that is one of them, 0 to n_faulty_calls - 1 */
gsize faulty_call_find(long number);

/** @return name of a kind */
const char *faulty_call_name(gsize call);

typedef struct {
	gsize call; /* kind */
	guint nth;  /* of its kind, from 0 */
	int fault;  /* an errno, or what point_choose_fault() says */
} Point;

/**
 * Chooses the way in which a point's call fails: a kill in its place, a short count where it has
 * one, each errno that it may plausibly give.
 *
 * @param i  0, 1, 2...
 * @return whether there are so many ways
 */
gboolean point_choose_fault(Point *point, guint i);

/** Makes a call fail as the point says. @return what the tracer has to do */
TraceVerdict point_apply(const Point *point, TraceCall *call);

/** @return whether the process is killed instead of its call */
gboolean point_kills(const Point *point);

/** @param what  the operation @return a text that names all of it; g_free() */
char *point_describe(const Point *point, const char *what);
