/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file What became of saving or restoring all sessions, as lines for the journal. */
#pragma once

#include "pm-hooks/saver.h"

/** Receives one line: `bad` if the user has something to worry about. */
typedef void (*ReportLine)(gboolean bad, const char *line);

/**
 * Tells of a SaveAll: what was saved in what time, and each session that was not.
 *
 * @param occasion  such as "sleep"
 * @return whether all sessions are safe, be it late
 */
gboolean save_report(const struct saver_outcome *outcome, const char *occasion, ReportLine line);

/** Tells of a Restore. @return whether all sessions that were to come back are back */
gboolean restore_report(const struct saver_outcome *outcome, ReportLine line);
