/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What the processes of a running session cost, and whether anything ran in it since its last save.
 *
 * A guest that does nothing uses no processor, so time that its processes used tells whether there
 * can be anything to save. What they had used at the last save is noted in the runtime directory,
 * where whoever looks finds it, and which ends with the run.
 */
#pragma once

#include <gio/gio.h>

/** @return process numbers (pid_t) of a process and all its descendants */
GArray *vks_process_tree(pid_t root);

/** @return processor time that they and their ended children used, microseconds */
guint64 vks_processes_cpu_us(const GArray *pids);

/** @return their proportional share of the host's memory, bytes */
guint64 vks_processes_memory(const GArray *pids);

/**
 * Notes that all that ran up to a moment is saved (or came from a save). A note that can't be
 * written makes the session count as changed.
 *
 * @param cpu_us  of its processes at that moment
 */
void vks_activity_note(const char *run_dir, guint64 cpu_us);

/**
 * @param cpu_us  of the session's processes, now
 * @return what they used since the last note, microseconds; all of it if there is none
 */
guint64 vks_activity_since_note(const char *run_dir, guint64 cpu_us);
