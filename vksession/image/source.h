/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Bounded reading of a state file, from memory or from a descriptor.
 */
#pragma once

#include <gio/gio.h>

/** Where bytes come from: data if it is not NULL, else the descriptor. */
typedef struct {
	const guint8 *data; /* borrowed */
	int fd;		    /* borrowed */
	guint64 size;	    /* bytes that there are */
} VksSource;

/**
 * Copies a range.
 * @return FALSE with INVALID_DATA if it does not lie within the source, or the read error
 */
gboolean vks_source_read(const VksSource *source, guint64 offset, void *buffer, gsize length,
			 GError **error);

/**
 * Copies a range into new memory.
 *
 * @param limit  a longer range is refused
 * @return free with g_free(), followed by a NUL; NULL on error
 */
guint8 *vks_source_dup(const VksSource *source, guint64 offset, guint64 length, gsize limit,
		       GError **error);

/**
 * CRC-32C (Castagnoli, reflected, inverted at start and end) of the whole source, with zeros in the
 * place of four bytes.
 *
 * @param blank     offset of the four bytes
 * @param[out] crc  the checksum
 */
gboolean vks_source_crc(const VksSource *source, guint64 blank, guint32 *crc, GError **error);

/** CRC-32C of a buffer, without the inversions: start with ~0, and invert at the end. */
guint32 vks_crc32c(guint32 crc, const void *data, gsize length);

/* Numbers as they are in the file: little endian, at any address. */
guint32 vks_get_le32(const guint8 *at);
guint64 vks_get_le64(const guint8 *at);
