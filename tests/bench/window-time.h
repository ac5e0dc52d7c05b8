/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Time to a window, always measured from outside by the same means: from the start of a command
 * until an X client finds the window mapped and with more than one colour in it.
 */
#pragma once

#include <sys/types.h>

#include "tests/harness/person.h"

/**
 * Runs a command and measures how long it takes until a window is drawn; fails if none comes.
 *
 * @param argv	   NULL-terminated
 * @param title    part of the window's title
 * @param running  where the process of the command is put, which may go on; NULL: it is one that
 *		   ends by itself, and has ended when this returns
 * @return seconds
 */
double time_to_window(struct person *person, const char *const *argv, const char *title,
		      pid_t *running);
