/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The figures of a benchmark: names, units, conditions, one sample a round, and targets.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

enum figure_id {
	RUN_COLD,
	RUN_WARM,
	FRAME,
	PAUSE_KERNEL,
	PAUSE_INSIDE,
	PAUSE_OUTSIDE,
	PAUSE_QUIET,
	LIVE_BYTES,
	LIVE_DURABLE,
	STOP_BYTES,
	STOP_DURABLE,
	STOP_COMMAND,
	DD,
	STOP_TO_DD,
	THAW_RUNNING_WARM,
	THAW_WINDOW_WARM,
	THAW_RUNNING_COLD,
	THAW_WINDOW_COLD,
	ATTACH_OURS,
	ATTACH_BARE,
	THAW_TO_ATTACH,
	N_FIGURES,
};

/** Notes one sample, in the figure's unit. */
void figure_add(enum figure_id id, double sample);

/**
 * Notes one sample of a figure that is one of a group: the same for several sizes.
 *
 * @param name  copied; the same name is the same figure
 * @param unit, condition, target  static; target 0: none
 */
void figure_add_grouped(const char *name, const char *unit, const char *condition, double target,
			double sample);

/** @return the median of a figure's samples; NAN if there are none */
double figure_median(enum figure_id id);

/** Prints all figures as a table for people, with their conditions and targets. */
void figures_print(guint rounds);

/** Prints all figures as JSON: per figure name, unit, condition, median, least, most, samples,
 * target. */
void figures_print_json(guint rounds);

/** @return how many figures have no sample, or are ratios whose median is worse than their target
 * times `mercy`; times depend on the machine and are not judged */
guint figures_judge(double mercy);
