/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Checksums of the parts of a save: XXH3-128 over sparse files.
 */
#pragma once

#include <gio/gio.h>

#define VKS_CHECKSUM_HEX 32 /* digits of a checksum */

typedef struct {
	char hex[VKS_CHECKSUM_HEX + 1];
	guint64 size;	    /* of the file, bytes */
	guint64 data_bytes; /* of the blocks that are not all zero */
} VksChecksum;

/** Called from the thread that asked for the checksum, with the bytes looked at so far. */
typedef void (*VksChecksumProgress)(guint64 bytes, gpointer user_data);

/**
 * Computes the checksum of a file. Holes and blocks of zeros give the same checksum, so a copy that
 * lost its holes, or a file system without them, does not matter; the size of the file does.
 *
 * @param progress     may be NULL
 * @param cancellable  may be NULL
 * @return FALSE with a G_IO_ERROR (the read error, CANCELLED)
 */
gboolean vks_checksum_fd(int fd, VksChecksum *sum, VksChecksumProgress progress, gpointer user_data,
			 GCancellable *cancellable, GError **error);

/** Where bytes come from that lie in no single file. Its functions are called by several threads. */
typedef struct {
	guint64 size; /* bytes */
	/** Reads whole blocks of 4 KiB, zeros behind the end. @return 0, or a positive errno */
	int (*read)(gpointer data, guint8 *buffer, gsize length, guint64 offset);
	/** @return the next offset in [offset, end) that may hold data, a whole block; else end */
	guint64 (*next_data)(gpointer data, guint64 offset, guint64 end);
	gpointer data;
} VksChecksumSource;

/** As vks_checksum_fd(), over a source: the same content has the same checksum. */
gboolean vks_checksum_source(const VksChecksumSource *source, VksChecksum *sum,
			     VksChecksumProgress progress, gpointer user_data,
			     GCancellable *cancellable, GError **error);

/** The same for a path; a symbolic link at its end is refused. */
gboolean vks_checksum_path(const char *path, VksChecksum *sum, VksChecksumProgress progress,
			   gpointer user_data, GCancellable *cancellable, GError **error);

/**
 * Compares what was found with what has to be there. Fails with G_IO_ERROR_INVALID_DATA.
 * @param what  name of the file, for the message
 */
gboolean vks_checksum_compare(const char *what, const VksChecksum *found, guint64 size,
			      const char *hex, GError **error);

/** Plain XXH3-128 of a buffer, as lower-case digits. */
void vks_checksum_buffer(const void *data, gsize length, char hex[VKS_CHECKSUM_HEX + 1]);

/** @return whether a string is VKS_CHECKSUM_HEX lower-case hexadecimal digits */
gboolean vks_checksum_is_hex(const char *text);
