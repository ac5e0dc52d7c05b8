/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The table in the configuration that says what is done at which event: the group [events] of
 * power.conf, read from the system's data directory, then /etc/xdg, then the user's configuration;
 * a later file replaces single lines of an earlier one.
 */
#pragma once

#include <glib.h>

#include "pm-hooks/power-machine.h"

struct event_table {
	enum power_action actions[POWER_OCCASIONS];
	gboolean restore; /* at login */
};

/**
 * Fills the table with what applies where no file says otherwise; the installed power.conf says the
 * same.
 */
void event_table_init(struct event_table *table);

/**
 * Reads one file over what the table holds.
 *
 * @param path   a GKeyFile; need not exist
 * @param error  a line that can't be understood: the file and the line are named, and nothing of
 * the file is taken
 * @return FALSE with error
 */
gboolean event_table_read(struct event_table *table, const char *path, GError **error);

/**
 * Fills the table from all places: PREFIX/share/vksession/power.conf, vksession/power.conf in each
 * of $XDG_CONFIG_DIRS, least important first, and in $XDG_CONFIG_HOME.
 *
 * @param warn  called with one line for each file that is left out because of an error
 */
void event_table_load(struct event_table *table, void (*warn)(const char *text));
