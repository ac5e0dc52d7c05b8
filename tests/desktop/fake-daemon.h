/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The daemon's part of D-Bus, played by a test on a bus of its own: objects with properties that
 * the test sets. It does nothing by itself.
 */
#pragma once

#include <gio/gio.h>

#include "vksession-bus.h"

#define FAKE_DAEMON_PATH "/org/vksession"

typedef struct {
	GTestDBus *bus;
	GDBusConnection *connection;
	GDBusObjectManagerServer *objects;
	VksBusManager1 *manager;
	VksBusSession1 *session; /* "work": it runs, and was saved two hours ago */
} FakeDaemon;

/** Starts the bus and shows the daemon on it. */
void fake_daemon_start(FakeDaemon *daemon);
/** Reads to its end the descriptor that came with a call. @return NULL: none did; g_free() */
char *fake_daemon_read_passed(GDBusMethodInvocation *invocation);
void fake_daemon_stop(FakeDaemon *daemon);

/** Takes a name on the bus for the test's connection. */
void fake_daemon_own(FakeDaemon *daemon, const char *name);
