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

/** What is measured. */
struct figure {
	const char *name;
	const char *unit;
	const char *condition;
	double target; /* the median is to be no more; 0: none */
	bool gates;    /* figures_judge() judges it: a ratio that has been reached */
};

/**
 * Notes one sample of a figure that is one of a group: the same for several sizes or programs.
 *
 * @param figure  its name is copied, and the same name is the same figure; other strings are static
 */
void figure_add_grouped(const struct figure *figure, double sample);

/** Prints and judges only figures of groups from now on: the others were not measured. */
void figures_only_groups(void);

/** @return the median of a figure's samples; NAN if there are none */
double figure_median(enum figure_id id);

/** Prints all figures as a table for people, with their conditions and targets. */
void figures_print(guint rounds);

/** Prints all figures as JSON: per figure name, unit, condition, median, least, most, samples,
 * target. */
void figures_print_json(guint rounds);

/**
 * Draws all ratios as a picture: SVG, one bar a figure, with the range of its samples and its
 * target.
 * @return false with a message on stderr if the file can't be written
 */
bool figures_plot(const char *path);

/**
 * Appends one line to a history: JSON, {"commit", "date", "processors", "rounds", "ratios"}.
 * @return false with a message on stderr if the file can't be written
 */
bool figures_append(const char *path, const char *commit, guint rounds);

/** @return how many figures have no sample, or gate and have a median worse than their target times
 * `mercy`; times depend on the machine and are not judged */
guint figures_judge(double mercy);
