/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A unit of systemd for each running session, so that it belongs neither to the terminal nor to
 * the daemon that started it, and ends with the login only after who wants to save it.
 */
#pragma once

#include <gio/gio.h>

/**
 * Moves the processes of a session into a scope of its own of the user's systemd, or those that
 * are not in it yet. Where no such systemd runs, or it won't, they stay where they are, which is
 * where they would be without systemd. Follows "New Control Group Interfaces" and
 * org.freedesktop.systemd1(5).
 *
 * Together they can use twice the guest's memory, since a save may be on its way in memory, and
 * some for the display: a session that runs wild is ended before the machine has none left.
 *
 * @param memory_bytes  of the guest
 * @param pids          of pid_t; the first one is the session's launcher
 */
void vks_scope_enter(const char *session, guint64 memory_bytes, const GArray *pids);
