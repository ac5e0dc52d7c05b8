/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Files and directories that survive power loss, and that belong to this user alone.
 *
 * All functions return FALSE (or -1) with a G_IO_ERROR on failure.
 */
#pragma once

#include <gio/gio.h>

/**
 * Opens a directory of ours, and makes it first if asked to. It ends up with mode 0700 whatever
 * the umask. A symbolic link, or a directory of another user, is refused (PERMISSION_DENIED).
 *
 * @param create  make it, with its parents, if it does not exist
 * @return a descriptor owned by the caller, or -1
 */
int vks_private_dir_open(const char *path, gboolean create, GError **error);

/** As vks_private_dir_open(), for callers that only need it to be there. */
gboolean vks_private_dir_ensure(const char *path, GError **error);

/**
 * Refuses a path that leads through a symbolic link that neither root nor this user owns.
 * Components that do not exist yet are fine.
 */
gboolean vks_path_check_links(const char *path, GError **error);

/** Writes a file whole or not at all: temporary file beside, fsync, rename, fsync of the directory.
 */
gboolean vks_file_replace(const char *path, const char *text, gsize length, GError **error);

/** Makes a file of ours, mode 0600, that must not exist yet, with this content, and syncs it. */
gboolean vks_file_create(const char *path, const char *text, gsize length, GError **error);

/**
 * Reads a regular file of at most max_length bytes, following no symbolic link at its end.
 *
 * @param[out] length  may be NULL
 * @return NUL-terminated content, free with g_free(); NULL on error (INVALID_DATA if it is too
 *         long or no regular file, NOT_FOUND)
 */
char *vks_file_read(const char *path, gsize max_length, gsize *length, GError **error);

/**
 * Copies a file from its start into an empty one: shares the blocks where the file system can.
 * @return FALSE with errno
 */
gboolean vks_copy_content(int from, int to);

/** Writes all of it, at the descriptor's position. @return FALSE with errno */
gboolean vks_write_all(int fd, const void *bytes, gsize length);

/** fsync of a file or directory by path. */
gboolean vks_path_sync(const char *path, GError **error);

/** fsync of all files and directories of a tree. */
gboolean vks_tree_sync(const char *path, GError **error);

/** Copies a regular file to a new one of ours, mode 0600. Nothing is synced. */
gboolean vks_file_copy(const char *from, const char *to, GError **error);

/** Moves a file, by copying it if it lies on another file system. Nothing is synced. */
gboolean vks_file_move(const char *from, const char *to, GError **error);

/** rename(2) that never replaces anything, followed by an fsync of the target's directory. */
gboolean vks_rename_new(const char *from, const char *to, GError **error);

/**
 * Exchanges the names of two directories in one atomic step, and syncs the directory of `to`.
 * @return FALSE with NOT_SUPPORTED if the file system can't
 */
gboolean vks_rename_exchange(const char *from, const char *to, GError **error);

/**
 * Removes a file or a whole directory tree; symbolic links are removed, not followed.
 * Something that does not exist is a success.
 */
gboolean vks_tree_remove(const char *path, GError **error);

/**
 * As vks_tree_remove(), and overwrites regular files that have no other name with random bytes,
 * and syncs them, before. Only as good as the file system and the disk: copies that they made are
 * not reached.
 */
gboolean vks_tree_shred(const char *path, GError **error);

/**
 * Lists a directory whole: a list that an error cut short would look like one of fewer saves.
 * @return names, sorted, without "." and ".."; free with g_ptr_array_unref(); NULL with NOT_FOUND
 *         or the error of reading it
 */
GPtrArray *vks_dir_names(const char *path, GError **error);

/**
 * Tells whether there is a directory at a path, and not something else or a symbolic link.
 * @return FALSE with an error if that can't be told
 */
gboolean vks_dir_exists(const char *path, gboolean *there, GError **error);

/** @return bytes that a tree occupies on the disk (holes do not count); 0 if it can't be read */
guint64 vks_tree_usage(const char *path);
