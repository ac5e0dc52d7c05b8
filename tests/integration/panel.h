/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file xfce4-panel on a person's desktop, for tests. */
#pragma once

#include "tests/harness/person.h"

/** Writes its settings: a system tray and nothing else, in the upper left corner. */
void panel_configure(const struct person *person);
