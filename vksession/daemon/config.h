/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The daemon's part of ~/.config/vksession/vksession.conf.
 */
#pragma once

#include <gio/gio.h>

typedef struct {
	gboolean autosave; /* save running sessions now and then */
	guint every_min;   /* minutes between two saves of a session, at least */
	guint activity_ms; /* processor time beyond doing nothing that it must have used meanwhile */
	guint busy_percent; /* of a processor: above it a save waits for a quieter moment */
} Config;

/** Sets the built-in values. */
void config_init(Config *config);

/**
 * Takes over what the user's file says. One that does not exist changes nothing.
 * @return FALSE with INVALID_DATA that names file and key; config is not changed then
 */
gboolean config_load(Config *config, GError **error);
