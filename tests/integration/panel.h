/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file xfce4-panel on a person's desktop, for tests. */
#pragma once

#include <stdbool.h>

#include <gio/gio.h>

#include "tests/harness/person.h"

/** Writes its settings: a system tray and nothing else, in the upper left corner. */
void panel_configure(const struct person *person);

/**
 * Whether an entry is in the tray's menu as it is now, shown and to be chosen.
 * @param bus    the person's
 * @param label  with the underline of its key
 */
bool panel_menu_offers(GDBusConnection *bus, const char *label);
