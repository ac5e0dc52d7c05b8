/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Locks between processes: flock(2) on a file, so that a dead holder never blocks anyone.
 */
#pragma once

#include <gio/gio.h>

/**
 * Takes an exclusive lock.
 *
 * @param path    lock file; made if it does not exist, its directory must
 * @param holder  what the lock is for ("save", ...); shown to those who come second
 * @param wait    wait until it is free; otherwise fail at once
 * @return a descriptor that holds the lock until it is closed; -1 with BUSY (the message names the
 *         holder) or another G_IO_ERROR
 */
int vks_lock_take(const char *path, const char *holder, gboolean wait, GError **error);

/** Takes a lock that others may share; it excludes, and waits for, those of vks_lock_take(). */
int vks_lock_share(const char *path, const char *holder, GError **error);

/**
 * Tells who holds a lock, without taking it even for a moment.
 *
 * @param path  lock file; it need not exist
 * @return what vks_lock_take() was given as holder, free with g_free(); NULL if nobody holds it
 */
char *vks_lock_holder(const char *path);

/** @return whether somebody waits in vks_lock_share() for a lock that is held */
gboolean vks_lock_is_awaited(const char *path);
