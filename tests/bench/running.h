/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What it costs that programs run in a session: the same programs in the guest and on the host, in
 * the same run, and what a session takes that nobody uses.
 */
#pragma once

#include "tests/harness/person.h"

/**
 * Notes one sample of each figure.
 *
 * @param session    runs, and is shown on the person's display
 * @param stopwatch  path of that program
 * @param once       each program is started once only: whether it can be measured is what counts
 */
void running_measure(struct person *person, const char *session, const char *stopwatch, bool once);

/**
 * Runs a program, which must succeed.
 *
 * @param session  where; NULL: on the host
 * @return what it printed; free with g_free()
 */
char *running_output(struct person *person, const char *session, const char *const *argv);

/** @return how often x11perf does what one of its options says, per second; the same parameters */
double running_x11_rate(struct person *person, const char *session, const char *option);

/** Makes a small C project, whose rule `again` compiles all of it. @return its path; free with
 * g_free() */
char *running_make_project(const struct person *person);
