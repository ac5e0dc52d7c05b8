/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Writes images as the vkernel does, and wrong ones on purpose. Offsets are written out here once
 * more, from the format's description and not from the reader.
 */
#pragma once

#include <gio/gio.h>

#define BUILDER_PAGE	 4096u
#define BUILDER_PHYSMEM	 0x60000000u
#define BUILDER_DATA	 0x00700000u /* offsets from there */
#define BUILDER_DATA_END 0x00740000u
#define BUILDER_RESERVED 0x00800000u
#define BUILDER_MEMORY	 (32u << 20) /* as the fake backend has it */

#define BUILDER_HEADER_SIZE 40u
#define BUILDER_ENTRY_SIZE  24u

/** An image that is being put together. Start with all zero. */
typedef struct {
	GByteArray *identity;
	GByteArray *command_line;
	GByteArray *extents;
	GByteArray *files;
	GByteArray *contents;
	guint32 version;
	int last_fd;
} ImageBuilder;

/** @param version  of the format: 1 or 2 */
void image_builder_init(ImageBuilder *builder, guint32 version);
void image_builder_clear(ImageBuilder *builder);

/** Adds a run of pages. */
void image_builder_extent(ImageBuilder *builder, guint64 start, guint64 length);

/**
 * Adds a descriptor with the next number.
 * @param path  NULL: none
 * @param use   bits as in the format, left out in version 1
 */
void image_builder_file(ImageBuilder *builder, guint32 kind, const char *path, guint64 size,
			guint32 use);

/** As image_builder_file(), for a regular file as it is on the disk now. */
void image_builder_host_file(ImageBuilder *builder, const char *path, guint32 use);

/** @return the state file with its checksum; free with g_byte_array_unref() */
GByteArray *image_builder_finish(const ImageBuilder *builder);

/** CRC-32C of bytes behind others, without the usual inversions; computed bit by bit. */
guint32 image_crc32c(guint32 crc, const guint8 *data, gsize length);

/** Writes the right checksum into a state file that was changed. */
void image_seal(guint8 *data, gsize length);

/** A small image with two extents and some files; free with g_byte_array_unref(). */
GByteArray *image_example(guint32 version);

void image_put32(guint8 *at, guint32 value);
void image_put64(guint8 *at, guint64 value);
