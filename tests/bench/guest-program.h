/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A program at work in a guest, that this one talks to; and one of them, the ticker (ticker.c),
 * that notices how long the guest stands still.
 */
#pragma once

#include "tests/harness/person.h"

/** A program at work in the guest, and the host's ends of its standard input and output. */
struct guest_program {
	pid_t pid;
	int input, output;
};

/** @param argv  of the command on the host: vksession exec */
struct guest_program guest_program_start(const struct person *person, const char *const *argv);

/** Waits until the ticker is at work. */
void await_ticks(const struct guest_program *ticker);

/**
 * Reads ticks until the time is up or, with a running process, until that has ended and for another
 * 100 ms.
 *
 * @param running  a child, which is reaped; 0: none
 * @return the longest time without one, in microseconds
 */
gint64 read_ticks(const struct guest_program *ticker, int until_ms, pid_t running);

/**
 * Asks the ticker.
 *
 * @return its longest step by the guest's wall clock since it was asked last, in microseconds
 */
gint64 ask_ticker(const struct guest_program *ticker);

/** Ends the ticker. @return as ask_ticker() */
gint64 ticker_end(struct guest_program *ticker);
