/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The frame around an integration test program: a limit of time for the whole, and nothing that
 * was started in it lives on, not even what detached itself.
 */
#pragma once

#include <sys/types.h>

#include <glib.h>

/**
 * Runs the tests in a child, as the subreaper above all that they start.
 *
 * @param body     runs the tests; its return value becomes the exit status of the child
 * @param limit_s  seconds after which all is killed and the whole has failed
 * @return exit status for main(): not 0 if body's was not, the time was up, or processes were left
 */
int supervise(int (*body)(void), unsigned int limit_s);

/**
 * Lists the processes that the tests have started and that are alive, wherever they detached to.
 * To be called in body.
 *
 * @return array of struct process_info, free with g_array_unref()
 */
GArray *list_started(void);
