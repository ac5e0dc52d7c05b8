/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Pins: copies of the programs and libraries that frozen guests have mapped, kept so that a guest
 * goes on with the very bytes that it had, whatever is installed on the host meanwhile.
 *
 *   STORE/pins/<checksum>        the copy, by its content: shared by all saves and sessions
 *   STORE/pins/.by-file/<name>   symbolic link to it, by the identity of the file it was copied from
 *
 * Errors are G_IO_ERRORs.
 */
#pragma once

#include "vksession/manifest.h"

/** @return whether a file is one that must stay as it was: mapped as code, or private */
gboolean vks_pins_wants(const VksHostResource *resource);

/**
 * The name of a file's identity, as the vkernel forms it: device, inode, size, time of modification.
 * @return free with g_free()
 */
char *vks_pins_name(const VksHostResource *resource);

/** What vks_pins_keep() did. */
typedef struct {
	guint present; /* were there already */
	guint copied;
	guint missed; /* the file is not any more what the save was made with */
} VksPinsResult;

/**
 * Copies what a save wants and the store does not have yet: with shared blocks where the file
 * system can, else once. Waits for others who do the same.
 *
 * @param cancellable  may be NULL
 */
gboolean vks_pins_keep(const char *store_dir, const VksManifest *manifest, VksPinsResult *result,
		       GCancellable *cancellable, GError **error);

/**
 * Takes a file as the copy of one that a save wants, unless there is one already. The lock must be
 * held (vks_pins_lock()), and the caller must have looked whether the original is here.
 *
 * @param from  the file; it is moved
 * @return FALSE with INVALID_DATA if it has another size
 */
gboolean vks_pins_take(const char *store_dir, const VksHostResource *resource, const char *from,
		       GCancellable *cancellable, GError **error);

/**
 * Finds the copy of a file and compares its checksum.
 * @return path, free with g_free(); NULL if there is none, or it is damaged
 */
char *vks_pins_find(const char *store_dir, const VksHostResource *resource);

/**
 * Keeps others from making or removing copies. Waits. To be taken before the store's lock.
 * @return a descriptor that holds the lock; -1 on error
 */
int vks_pins_lock(const char *store_dir, GError **error);

/**
 * Removes the copies that no save needs. The lock must be held, and have been so when the saves
 * were looked at: copies are made for saves that exist, so all that are there by then are known.
 * @param used  set of names (keys, as of vks_pins_name())
 */
gboolean vks_pins_collect(const char *store_dir, GHashTable *used, GError **error);
