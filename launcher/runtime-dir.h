/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The runtime directory of a session, as far as the launcher owns it: names of files, the lock that
 * says that a launcher lives, and launcher.json that says who it is.
 *
 * launcher.lock is locked with an open-file-description lock (F_OFD_SETLK): the lock ends with its
 * holder, whatever happens, and others can ask for it (F_OFD_GETLK) without taking it for a moment.
 * The file is empty until its holder has nothing left to do but to remove the directory.
 */
#pragma once

#include <gio/gio.h>

#include "launcher/launcher.h"

/** What launcher.json holds: the status, and what only launchers care for. */
typedef struct {
	VkLauncherStatus status;
	pid_t network_pid;	     /* 0: none */
	guint64 vkernel_start_ticks; /* of /proc/PID/stat: pids are used again */
	int cpu;		     /* -1: not pinned */
} VkLauncherRecord;

/** @return path of a file in the directory, free with g_free() */
char *vk_runtime_path(const char *runtime_dir, const char *name);

/**
 * Makes the directory (0700) if it is not there, and checks that it is the caller's, and that the
 * paths of sockets in it are not too long for a socket address.
 */
gboolean vk_runtime_make(const char *runtime_dir, GError **error);

/**
 * Takes the lock. A launcher that is about to let it go is waited for.
 *
 * @return descriptor that holds it; -1 with EXISTS if another launcher has it, or FAILED
 */
int vk_runtime_lock(const char *runtime_dir, GError **error);

/** @return whether a launcher holds the lock, and is not about to let it go */
gboolean vk_runtime_is_locked(const char *runtime_dir);

/** Writes launcher.json, atomically. */
gboolean vk_runtime_write_record(const char *runtime_dir, const VkLauncherRecord *record,
				 GError **error);

/** Reads launcher.json, whether or not a launcher lives. @return FALSE if there is no valid one */
gboolean vk_runtime_read_record(const char *runtime_dir, VkLauncherRecord *record);

/**
 * Removes all the launcher's files and, if it is empty then, the directory. The lock goes last;
 * from the call on nobody takes its holder for one that runs a session.
 *
 * @param lock_fd  of vk_runtime_lock()
 */
void vk_runtime_remove(const char *runtime_dir, int lock_fd);

/** @return start time of a process in clock ticks after boot; 0 if there is no such process */
guint64 vk_process_start_ticks(pid_t pid);
