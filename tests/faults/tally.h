/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file What a program that makes faults was asked for, and what it found. */
#pragma once

#include "scenario.h"

typedef struct {
	const char *program;
	guint every; /* only each Nth fault is made */
	guint jobs;  /* so many scenarios at once */
	gboolean verbose;
	int argc;
	char **argv; /* what is left of the command line */
	guint seen, points, lost, wrong, aborted;
} Tally;

/**
 * Reads the options, which are the same for all; ends the process with 2 if they are wrong.
 *
 * @param program    its name, static
 * @param arguments  what else it takes, for its help
 */
void tally_init(Tally *tally, const char *program, const char *arguments, int argc, char **argv);

/** Makes a scenario's faults and counts them; in a process of its own. */
typedef void (*TallyRun)(Tally *tally, const Scenario *scenario);

/** Runs the scenarios that the arguments name, or all, and adds up what they have counted. */
void tally_scenarios(Tally *tally, TallyRun run);

/** Prints what was found, last "N fault points, M saves lost". @return exit status of the program */
int tally_end(const Tally *tally);
