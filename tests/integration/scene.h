/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A session with work in it, for tests: a terminal with a counter and its scrollback, an editor
 * with text that was never saved, a program with threads, a connection, a file and a transaction.
 * And what must be the same, or must have gone on, after any save and thaw.
 */
#pragma once

#include "tests/harness/person.h"
#include "tests/harness/windows.h"

struct scene {
	struct person *person;
	const char *session;
	struct window terminal, editor; /* where they were put */
	char *text;			/* what the editor holds */
};

/** What is known of the scene at one moment. */
struct scene_facts {
	gint64 host_us;	    /* CLOCK_MONOTONIC of the host when it had been asked */
	double from, until; /* CLOCK_REALTIME of the host before and after the worker was asked */
	JsonNode *worker;   /* answer of worker.py */
	char *processes;    /* "pid name" lines of the guest's lasting processes */
	gint64 count;	    /* last number in the terminal */
};
void scene_facts_clear(struct scene_facts *facts);

/** Starts the programs, puts the windows in place, types. Fails the test if that can't be done. */
void scene_start(struct scene *scene, struct person *person, const char *session);
/** Frees what the scene holds; programs are left alone. */
void scene_clear(struct scene *scene);

/** Types more into the editor. */
void scene_type(struct scene *scene, const char *text);

/** Asks the guest. */
void scene_look(const struct scene *scene, struct scene_facts *facts);

/* Each of these fails the test if it is not so. */

/** The windows are where they were, within some pixels. */
void scene_assert_windows(struct scene *scene);
/** The editor has the text, read by select all, copy, and the desktop's clipboard. */
void scene_assert_text(const struct scene *scene);
/** The counter goes on from where it was; nobody started it again. */
void scene_assert_counter(const struct scene *scene, const struct scene_facts *before);
/** The terminal's scrollback has all numbers since 1. */
void scene_assert_scrollback(const struct scene *scene);
/** The same processes under the same numbers. */
void scene_assert_processes(const struct scene_facts *before, const struct scene_facts *after);
/** Threads, connection and file went on without an error, and the transaction is still open. */
void scene_assert_worker(const struct scene_facts *before, const struct scene_facts *after);
/**
 * The monotonic clock stood still while the session was not running, and the other one is right.
 * @param down_us  how long it was not running, at least
 */
void scene_assert_clocks(const struct scene_facts *before, const struct scene_facts *after,
			 gint64 down_us);
/** The transaction can be committed, with all rows. Once. */
void scene_assert_commit(const struct scene *scene);
