/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A session bus of its own for each test, with a daemon on it. Every wait is for an event, and
 * fails the test after a while.
 */
#pragma once

#include "tests/vksession/sandbox.h"

#include <gio/gio.h>

#define MANAGER "org.vksession.Manager1"
#define SESSION "org.vksession.Session1"
#define JOB	"org.vksession.Job1"

/** cmocka set-up and tear-down: a sandbox and a bus without a daemon. *state is the sandbox's. */
int bus_setup(void **state);
int bus_teardown(void **state);

/** Starts the daemon over the fake and waits until it has its name. @return its process */
GPid bus_start_daemon(void);
/** Starts a daemon that is not expected to get the name. */
GPid bus_spawn_daemon(void);
/** Sends a signal and waits for the end. @return as of wait(2) */
int bus_end_daemon(GPid pid, int signal_number);
/** Waits for an end. @return as of wait(2) */
int bus_wait_daemon(GPid pid);

/** The unique name of the daemon on the bus; NULL if there is none. g_free() */
char *bus_owner(void);
/** Waits until another process than `before` has the daemon's name. */
void bus_wait_new_owner(const char *before);

/** The test's own connection. */
GDBusConnection *bus_connection(void);
/** Disconnects the test and takes the bus down. */
void bus_down(void);

/** Calls a method. @param parameters  floating, or NULL. NULL with an error */
GVariant *bus_call(const char *path, const char *interface, const char *method,
		   GVariant *parameters, GError **error);

/** A property, as text of g_variant_print(); NULL if there is no such object. g_free() */
char *bus_property(const char *path, const char *interface, const char *name);
/** Waits until a property has this text; a NULL text waits until the object has gone. */
void bus_wait_property(const char *path, const char *interface, const char *name,
		       const char *value);

/** Begins work on the manager. @return path of the job; NULL with an error; g_free() */
char *bus_begin(const char *method, GVariant *parameters, GError **error);
/** Waits for the end of a job. @return its state; g_free() */
char *bus_finish(const char *job);
/** bus_begin() and bus_finish(); fails the test unless the job is done. @return its result */
GVariant *bus_do(const char *method, GVariant *parameters);
/** An empty a{sv}. */
GVariant *bus_no_options(void);
