/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * When nobody needs the daemon: no session runs, nothing is being worked on, and nobody on the bus
 * who ever called it is still there. Then it can end; a call starts it again.
 */
#pragma once

#include "vksession/daemon/daemon.h"

typedef struct Idle Idle;

/**
 * Begins to watch.
 *
 * @param done  called, maybe more than once, when nobody has needed the daemon for a while
 * @return free with idle_free(), after the main loop of the connection's messages was run
 */
Idle *idle_new(Daemon *daemon, void (*done)(gpointer user_data), gpointer user_data);
void idle_free(Idle *idle);
