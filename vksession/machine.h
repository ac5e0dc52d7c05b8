/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Facts about the host and its processes.
 */
#pragma once

#include <gio/gio.h>

/** @return identity of this boot of the host, "" if unknown; free with g_free() */
char *vks_boot_id(void);

/** @return CLOCK_BOOTTIME in microseconds */
guint64 vks_boottime_us(void);

/** @return sorted names of the processor's features that programs use; free with g_strfreev() */
char **vks_cpu_features(void);

/** @return those of `wanted` that are not in `present`, in one string; NULL if none; g_free() */
char *vks_missing_features(char *const *wanted, char *const *present);

/** @return physical memory, bytes; 0 if unknown */
guint64 vks_machine_memory(void);

/** @return memory that programs can have without swapping, bytes; G_MAXUINT64 if unknown */
guint64 vks_available_memory(void);

/** @return free bytes for this user on the file system of a path; G_MAXUINT64 if unknown */
guint64 vks_free_space(const char *path);

/** @return whether what lies at a path is in memory, and never on a disk (but for swap) */
gboolean vks_is_in_memory(const char *path);

/**
 * @return whether a path is on a file system that only this machine's kernel has to do with, so
 * that what was read of a file can be read again as long as the disk works; FALSE if unknown
 */
gboolean vks_is_local(const char *path);

/** @return command line of a process with spaces between the words, "" if unknown; g_free() */
char *vks_process_command_line(pid_t pid);

/** @return whether a process is there, has not ended (a zombie has) and is not being killed */
gboolean vks_process_is_alive(pid_t pid);

/**
 * Memory that a vkernel holds for its guest: an upper bound of what a save of it takes.
 * @return bytes; 0 if unknown
 */
guint64 vks_vkernel_memory_in_use(pid_t pid);
