/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What can be done with a session at once, in the order in which menus and windows offer it. Ending
 * a session without a save is not among it: that is asked about first.
 */
#pragma once

#include "desktop/sessions.h"

typedef struct {
	const char *label; /* to be translated, with a mnemonic */
	gboolean (*offered)(VksBusSession1 *session);
	void (*act)(const char *session);
} DesktopAction;

#define DESKTOP_ACTIONS 5

extern const DesktopAction desktop_actions[DESKTOP_ACTIONS];
