/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A person who uses vksession: a home, a desktop, the command line. All that a test does goes
 * through here, so that it sees what a person sees. Every function fails the test with a message if
 * what it is to do can't be done, unless it says otherwise.
 */
#pragma once

#include <stdbool.h>

#include <json-glib/json-glib.h>

#include "process.h"
#include "xserver.h"

struct person {
	char *home;    /* $HOME, made for the test */
	char *runtime; /* $XDG_RUNTIME_DIR, of its own too */
	char **environment;
	struct xserver x;
	pid_t bus;		    /* the desktop's D-Bus session bus */
	int log;		    /* what the desktop's programs print */
	const char *const *wrapper; /* command that vksession is run by; NULL: none */
	const char *hidden; /* path of a program that this person's machine lacks; NULL: none */
	bool two_monitors;  /* set by the test: the next new desktop has two */
	bool content;	    /* set by the test when all went well: nothing to report at the end */
};

/** Makes a home and starts a desktop. @param name  of the test, for what is kept of a failure */
void person_init(struct person *person, const char *name);

/**
 * Ends the desktop and whatever runs of the person's sessions. If the test has not set `content`,
 * prints the sessions' logs and keeps a picture of the screen before; else removes the home.
 */
void person_finish(struct person *person);

/** Replaces the desktop by a fresh one, as after a new login. */
void person_new_desktop(struct person *person);

/** Sets or, with NULL, removes a variable of the person's environment. */
void person_setenv(struct person *person, const char *name, const char *value);

/** Path of something in the person's home; free with g_free(). */
char *person_path(const struct person *person, const char *name);

/** Writes the person's vksession.conf(5): lines of its group [saves]. */
void person_set_saves(const struct person *person, const char *lines);

/** Path of a program or script under tests/guest; free with g_free(). */
char *guest_program(const char *name);

#define VKSESSION_MS 120000 /* for one command, however slow the machine */

/**
 * Runs `vksession` with arguments, whatever comes of it.
 * @param argv  without the program's name, NULL-terminated
 */
void vksession_argv(struct person *person, const char *const *argv, ProcessResult *result);
#define vksession(person, result, ...)                                                             \
	vksession_argv(person, (const char *const[]){ __VA_ARGS__, NULL }, result)

/** Runs `vksession`, which must succeed. @return what it printed, to be freed */
char *vksession_ok_argv(struct person *person, const char *const *argv);
#define vksession_ok(person, ...)                                                                  \
	g_free(vksession_ok_argv(person, (const char *const[]){ __VA_ARGS__, NULL }))
#define vksession_output(person, ...)                                                              \
	vksession_ok_argv(person, (const char *const[]){ __VA_ARGS__, NULL })

/** Runs `vksession`, which must print JSON. @return free with json_node_unref() */
JsonNode *vksession_json_argv(struct person *person, const char *const *argv);
#define vksession_json(person, ...)                                                                \
	vksession_json_argv(person, (const char *const[]){ __VA_ARGS__, NULL })

/**
 * Runs `vksession`, which must fail with a status and say why in one line on stderr that begins
 * with "vksession: " and contains a string.
 */
void vksession_fails_argv(struct person *person, int status, const char *says,
			  const char *const *argv);
#define vksession_fails(person, status, says, ...)                                                 \
	vksession_fails_argv(person, status, says, (const char *const[]){ __VA_ARGS__, NULL })

/** Reads a number from a JSON object, or from the first object of an array. */
gint64 json_int(JsonNode *node, const char *member);
/** The same for a string; borrowed from the node. */
const char *json_text(JsonNode *node, const char *member);

/** One session as `vksession list` shows it. @return free with json_node_unref() */
JsonNode *session_info(struct person *person, const char *name);

/** Process id of the vkernel of a running session. */
pid_t session_vkernel(struct person *person, const char *name);

/**
 * Exports a session through a pipe into an import under another name, without programs.
 * @param copy  path of a file that gets what goes through the pipe
 */
void move_session(struct person *person, const char *from, const char *to, const char *copy);

/**
 * Waits until none of what the tests started is left but the person's desktop; fails the test with
 * a list if something is.
 */
void assert_nothing_runs(struct person *person);
