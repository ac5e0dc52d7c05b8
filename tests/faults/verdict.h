/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What a store must look like after a fault: the old set of saves or the new one, each of them
 * good, and after the next start nothing left over.
 */
#pragma once

#include "scenario.h"

/** The saves that there were before. */
typedef struct {
	GArray *good; /* of guint, ascending; every byte of them was checked */
} Before;

/** Looks at the store of the environment. All saves in it must be good. */
void before_init(Before *before, Vks *vks);
void before_clear(Before *before);

/** What is wrong after a fault. */
typedef struct {
	guint lost;	/* saves that were good before and are not there, or are not good */
	GString *wrong; /* what else, or which; "" if nothing is */
} Verdict;

void verdict_clear(Verdict *verdict);

/**
 * Judges the store of the environment after a fault.
 *
 * @param completed  the operation said that it was done
 */
void verdict_judge(Verdict *verdict, const Scenario *scenario, const Before *before, Vks *vks,
		   gboolean completed);

/** Makes the next start, and looks for what is left over. */
void verdict_recover(Verdict *verdict, const Scenario *scenario, const Before *before, Vks *vks);
