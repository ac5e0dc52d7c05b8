/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Private directories for guest memory on its way between the kernel and the store.
 *
 * A place in memory (tmpfs) costs no disk writes, and nothing of it is ever on a disk. What is left
 * there by a process that died is removed by vks_staging_clean(). Errors are G_IO_ERRORs.
 */
#pragma once

#include "vksession/policy.h"

/**
 * Names a directory in memory for what must never be on a disk.
 *
 * @param path  what it belongs to, so that it is found again
 * @param kind  what it is for; "" is that of staging
 * @return free with g_free()
 */
char *vks_memory_dir(const char *path, const char *kind);
/** Makes it, 0700. @return FALSE with NOT_SUPPORTED if there is no place in memory */
gboolean vks_memory_dir_ensure(const char *dir, GError **error);

typedef struct {
	char *dir;
	gboolean in_memory;
} VksStaging;

/**
 * Makes an empty directory, 0700.
 *
 * @param saves_dir  of the session, whose lock is held; there, if not in memory
 * @param need       bytes that are going to be written to it, about
 * @return free with vks_staging_free(), which removes it; NULL on error (NO_SPACE if it is to be in
 *         memory and there is no room)
 */
VksStaging *vks_staging_new(const char *saves_dir, guint64 need, VksStagingMode mode,
			    GError **error);
void vks_staging_free(VksStaging *staging);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksStaging, vks_staging_free)

/** Removes what a process that died has left in memory. The session's lock must be held. */
void vks_staging_clean(const char *saves_dir);
