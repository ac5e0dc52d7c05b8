/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The self-test: does everything that a guest can hold survive a save and a thaw, here, with this
 * vkernel?
 *
 * A vkernel without a display is started, many small programs (states/) put themselves into as many
 * states, the guest is saved and thawed, and each program looks whether all is as it was. Neither
 * the store nor any session is touched.
 */
#pragma once

#include <gio/gio.h>

#include "vksession/selftest/break.h"

/** What happens between set-up and check. */
typedef enum {
	SELFTEST_CONTROL, /* nothing: tells what fails without any save */
	SELFTEST_LIVE,	  /* save and go on */
	SELFTEST_STOP,	  /* save, end the vkernel, thaw in a new one */
	SELFTEST_TWICE,	  /* the same, and thaw the same save once more, as if for the first time */
	SELFTEST_MODES,
} SelftestMode;

/** One guest's course. */
typedef struct {
	SelftestMode mode;
	guint cycles; /* how often in a row, before the states are checked */
	guint cpus;   /* of the guest */
} SelftestRun;

/** What came of one state in one run. */
typedef struct {
	const SelftestRun *run;
	const char *state;
	const char *outcome; /* "ok", "failed", "skipped" */
	const char *cause;   /* or figures; may be "" */
} SelftestResult;

typedef struct {
	guint passed, failed, skipped;
	guint saves;
	guint64 pause_us; /* longest time that the guest stood still in a live save */
	char *log;	  /* the guests' console, kept if anything failed; free with g_free() */
} SelftestSummary;

typedef struct {
	const char *const *only; /* names or patterns of states; NULL: all */
	const SelftestRun *runs;
	guint n_runs;
	guint stress_seconds; /* instead of runs: saves at random moments for so long; 0: no */
	guint32 seed;	      /* for stress: of what is chosen at random */
	guint cpus;	      /* for stress */
	/** Parts to be damaged before each thaw of the runs that show it, NULL-terminated, see
	    break.h; NULL: none. */
	const SelftestPart *const *broken;
	/** Saves copy while the guest runs, thaws map its memory; the guest has no disk then. */
	gboolean quick;
	/** For the command line of the vkernel, NULL-terminated; NULL: none. */
	const char *const *parameters;
	/** Called for each result as soon as it is there. */
	void (*result)(const SelftestResult *result, gpointer user_data);
	/** Called now and then with what is being done. */
	void (*progress)(const char *stage, gpointer user_data);
	gpointer user_data;
	GCancellable *cancellable; /* may be NULL */
} SelftestOptions;

/** A state that can be tested. */
typedef struct {
	char *name;
	char *summary;
	gboolean tells; /* what must differ between two thaws of one save: for SELFTEST_TWICE */
} SelftestState;

/** @return array of SelftestState, free with g_ptr_array_unref(); NULL with error */
GPtrArray *selftest_list(GError **error);

/** @return "control", "live", "stop" or "twice" */
const char *selftest_mode_name(SelftestMode mode);

/**
 * Runs the self-test.
 *
 * @param[out] summary  filled in any case; free its log
 * @return FALSE if it could not be run at all; a state that fails is no error here, and a guest
 *         that fails is a result of the state "guest"
 */
gboolean selftest_run(const SelftestOptions *options, SelftestSummary *summary, GError **error);
