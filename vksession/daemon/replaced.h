/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * An upgrade puts another program in the daemon's place while it runs. It makes way then: by
 * itself, since nobody else may come by for days, and not before its work is done.
 */
#pragma once

#include <gio/gio.h>

typedef struct Replaced Replaced;

/**
 * Watches the file that this process was started from.
 *
 * @param replaced  called once, when another program has been in its place for a moment
 * @return free with replaced_free(); NULL if the file can't be watched: then nothing is noticed
 */
Replaced *replaced_new(void (*replaced)(gpointer user_data), gpointer user_data);
void replaced_free(Replaced *self);

/**
 * Asks systemd to restart the unit that this process is the main process of. What is not started
 * by systemd restarts itself, with replaced_exec().
 *
 * @return FALSE if there is no such unit
 */
gboolean replaced_restart_unit(GDBusConnection *connection);

/** Becomes the program that is there now. Returns only if that fails. */
void replaced_exec(const Replaced *self, char **argv);
