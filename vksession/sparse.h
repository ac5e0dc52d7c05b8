/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Reading of files that are mostly holes, by blocks.
 */
#pragma once

#include <sys/types.h>

#include <glib.h>

#include "vksession/checksum.h"

/**
 * Reads from the descriptor's position until the length or the end, whatever interrupts it.
 *
 * @return the bytes read, less than length only at the end of the file; or a negative errno
 */
gssize vks_read_all(int fd, void *buffer, gsize length);

/** The same from an offset in the file. */
gssize vks_read_at(int fd, void *buffer, gsize length, guint64 offset);

/** The same, with zeros in the place of what is behind the end. @return 0, or a positive errno */
int vks_sparse_read(int fd, guint8 *buffer, gsize length, guint64 offset);

/** @return the first byte of the next block in [offset, end) that may hold data; else end */
guint64 vks_sparse_next(int fd, guint64 offset, guint64 end);

/** @return the first byte of the next hole in [offset, end); else end. At offset there is data */
guint64 vks_sparse_hole(int fd, guint64 offset, guint64 end);

/** A file as a source of bytes. @param size  how much of it, bytes */
VksChecksumSource vks_sparse_source(int fd, guint64 size);
