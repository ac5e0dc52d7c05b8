/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What of the caller's surroundings goes into the guest.
 */
#pragma once

#include <glib.h>

/**
 * Picks the variables that mean the same in the guest. Everything that points at the host's
 * display, buses, agents and runtime directory stays out: the guest has its own.
 *
 * @param environment  "NAME=value" strings
 * @return copies, free with g_strfreev()
 */
char **vks_environment_filter(const char *const *environment);

/**
 * The surroundings of a viewer: this process's, with what belongs to the caller's desktop (its X
 * authority, its bus, language, look) taken from the caller, also where that has none.
 *
 * @param environment  of the caller, "NAME=value"; NULL: this process is the caller
 * @return free with g_strfreev()
 */
char **vks_environment_of_viewer(const char *const *environment);

/** @return those variables of this process, to be given to one that starts a viewer for it */
char **vks_environment_of_desktop(void);

/**
 * The directory where a program starts in the guest.
 * @return cwd if the guest has the same, else home; borrowed
 */
const char *vks_guest_cwd(const char *cwd, const char *home);
