/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * How the machine's last run ended: a note in the store that is made when the daemon starts, and
 * crossed out when everything is saved at the end.
 */
#pragma once

#include "vksession/vksession.h"

/**
 * Reads what the last daemon noted, and notes that this one runs.
 * @return "clean", "crash" or "unknown"; static
 */
const char *lifetime_begin(Vks *vks);

/**
 * Notes whether an end of the machine now would be a clean one.
 * What can't be written is at worst a crash that was none.
 */
void lifetime_note(Vks *vks, gboolean clean);

/** Whether saves for this reason are made because the login or the machine is about to end. */
gboolean lifetime_is_end(const char *reason);
