/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * How saves are shown, by `saves` and `verify`.
 */
#pragma once

#include "vksession/cli/verb.h"

/** Prints an array of VksSaveInfo as a table. */
void cli_print_saves(const GPtrArray *saves);
/** Prints an array of VksSaveInfo as JSON. */
void cli_print_saves_json(const GPtrArray *saves);
