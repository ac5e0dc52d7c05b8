/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Directories of the home that a session has for itself (`run --private`).
 *
 * A fresh guest copies them into a file system in its memory, which it mounts in their place. So
 * what they hold is part of each save as all of the guest's memory is: of the same instant, with
 * the same checksums and the same encryption, and gone back to by a thaw. The host's directory is
 * only read, once.
 */
#pragma once

#include <gio/gio.h>

/** So many can a session have. */
#define VKS_MAX_PRIVATE_DIRS 16u

/**
 * Finds the directories that are meant, and refuses what can't work: what is not a directory in the
 * home, directories in one another, and what would take more than half of the guest's memory.
 *
 * @param names  NULL-terminated; may be NULL
 * @param cwd    what they are relative to; NULL: they are absolute
 * @param memory_bytes  of the guest
 * @return their paths without symbolic links, sorted, free with g_strfreev(); NULL with a VKS_ERROR
 */
char **vks_private_dirs_find(const char *const *names, const char *cwd, guint64 memory_bytes,
			     GError **error);
