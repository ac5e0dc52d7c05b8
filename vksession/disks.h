/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Disk images of a session (`run --disk`).
 *
 * An image is never written. What the guest writes goes to a layer over it, a file of the vkernel's
 * copy-on-write format that belongs to the session; each save has a copy of it, of the instant of
 * its memory.
 */
#pragma once

#include "vksession/session.h"

/** So many can a session have. */
#define VKS_MAX_DISKS 4u

/**
 * Finds the images that are meant, and refuses what can't be one.
 *
 * @param names  NULL-terminated; may be NULL
 * @param cwd    what they are relative to; NULL: they are absolute
 * @return their paths without symbolic links, free with g_strfreev(); NULL with a VKS_ERROR
 */
char **vks_disks_find(const char *const *names, const char *cwd, GError **error);

/**
 * Prepares for a fresh start, without layers.
 * @return "LAYER,IMAGE" for each disk, free with g_strfreev(); NULL with a G_IO_ERROR
 */
char **vks_disks_begin(const VksSession *session, GError **error);

/** Removes the layers of a run that is over. */
void vks_disks_discard(const VksSession *session);

/** @return bytes that the layers take on the disk */
guint64 vks_disks_usage(const VksSession *session);

/**
 * Copies the layers of a guest that is held. Shares their blocks where the file system can.
 * @param dir  of the save that is being made
 * @return FALSE with a G_IO_ERROR
 */
gboolean vks_disks_copy(const VksSession *session, const char *dir, GCancellable *cancellable,
			GError **error);

/** Adds what the images are to a manifest that has the resources of its memory already. */
gboolean vks_disks_note(const VksSession *session, VksManifest *manifest, GError **error);

/** @return paths of the images of a save, free with g_strfreev() */
char **vks_disks_of_save(const VksManifest *manifest);

/** Refuses (VKS_ERROR_DISK) a save whose images are not what they were. */
gboolean vks_disks_check(const VksManifest *manifest, GError **error);

/**
 * Puts the layers of a save in their places, and compares their checksums.
 *
 * @param[out] arguments  of the vkernel are added
 * @return FALSE with a G_IO_ERROR
 */
gboolean vks_disks_restore(const VksSession *session, const VksManifest *manifest,
			   GStrvBuilder *arguments, GCancellable *cancellable, GError **error);
