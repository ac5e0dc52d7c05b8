/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * How `thaw` tells what has changed on the host.
 */
#pragma once

#include "vksession/cli/verb.h"

/** Prints a line a file, as far as a person may want to read. */
void cli_print_changes(const VksThawReport *report);

/** Adds the members `save_us`, `looked_at` and `files` to an object. @param report  NULL: no files */
void cli_json_changes(JsonBuilder *builder, const VksThawReport *report);
