/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Settings of the desktop's part, in $XDG_CONFIG_HOME/vksession/desktop.conf; the start after login
 * is where the desktop looks for it, in autostart/. Everything else is the daemon's.
 */
#pragma once

#include <glib.h>

typedef enum { SETTING_PROGRESS, SETTING_REPORTS, SETTING_AUTOSTART, N_SETTINGS } Setting;

/** @return the setting, TRUE unless it was changed */
gboolean settings_get(Setting setting);

/** Keeps a setting. @return FALSE with an error of the file */
gboolean settings_set(Setting setting, gboolean value, GError **error);
