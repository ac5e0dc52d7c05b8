/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Named files as a stream, with a checksum of all of it at its end. Holes of files stay holes. The
 * format is described in vksession-save(5).
 *
 * Errors are G_IO_ERRORs; INVALID_DATA means that what was read is no such stream, or not whole.
 */
#pragma once

#include <gio/gio.h>

/** A stream that is being written. */
typedef struct VksArchive VksArchive;

/** @param fd, cancellable  borrowed. @return free with vks_archive_free(); NULL on error */
VksArchive *vks_archive_new(int fd, GCancellable *cancellable, GError **error);
void vks_archive_free(VksArchive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksArchive, vks_archive_free)

/** Adds a regular file. @param name  of at most 255 bytes */
gboolean vks_archive_add(VksArchive *archive, const char *name, const char *path, GError **error);

/** Writes the end. */
gboolean vks_archive_finish(VksArchive *archive, GError **error);

/**
 * Puts the files of a stream that is not trusted into a directory of ours. Nothing is synced.
 *
 * @param names  regular expression of the names that are wanted; any other is refused, so none of
 *               them may lead out of the directory
 * @return FALSE with INVALID_DATA, NO_SPACE, CANCELLED, ...; the caller removes what is there
 */
gboolean vks_archive_unpack(int fd, const char *dir, const char *names, GCancellable *cancellable,
			    GError **error);
