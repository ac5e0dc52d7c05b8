/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/image/source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "vksession/error.h"
#include "vksession/sparse.h"

#define CRC32C_POLYNOMIAL 0x82f63b78u
#define CRC_SLICES	  8u
#define CRC_BUFFER	  65536u
#define BLANK_LENGTH	  4u

static guint32 crc_tables[CRC_SLICES][256];

static gpointer fill_crc_tables(gpointer data)
{
	for (guint32 byte = 0; byte < 256; byte++) {
		guint32 crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC32C_POLYNOMIAL : 0);
		crc_tables[0][byte] = crc;
	}
	for (guint slice = 1; slice < CRC_SLICES; slice++) {
		for (guint byte = 0; byte < 256; byte++) {
			guint32 before = crc_tables[slice - 1][byte];

			crc_tables[slice][byte] = before >> 8 ^ crc_tables[0][before & 0xff];
		}
	}
	return NULL;
}

guint32 vks_get_le32(const guint8 *at)
{
	return (guint32)at[0] | (guint32)at[1] << 8 | (guint32)at[2] << 16 | (guint32)at[3] << 24;
}

guint64 vks_get_le64(const guint8 *at)
{
	return vks_get_le32(at) | (guint64)vks_get_le32(at + 4) << 32;
}

/* Eight bytes at a time ("slicing by 8"): a state file can hold large deleted files. */
guint32 vks_crc32c(guint32 crc, const void *data, gsize length)
{
	static GOnce once = G_ONCE_INIT;
	const guint8 *at = data;

	g_once(&once, fill_crc_tables, NULL);
	for (; length >= CRC_SLICES; length -= CRC_SLICES, at += CRC_SLICES) {
		guint32 low = vks_get_le32(at) ^ crc;

		crc = crc_tables[7][low & 0xff] ^ crc_tables[6][low >> 8 & 0xff] ^
		      crc_tables[5][low >> 16 & 0xff] ^ crc_tables[4][low >> 24] ^
		      crc_tables[3][at[4]] ^ crc_tables[2][at[5]] ^ crc_tables[1][at[6]] ^
		      crc_tables[0][at[7]];
	}
	for (; length > 0; length--, at++)
		crc = crc >> 8 ^ crc_tables[0][(crc ^ *at) & 0xff];
	return crc;
}

static gboolean set_truncated(GError **error)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "state: truncated");
	return FALSE;
}

gboolean vks_source_read(const VksSource *source, guint64 offset, void *buffer, gsize length,
			 GError **error)
{
	gssize got;

	if (offset > source->size || length > source->size - offset)
		return set_truncated(error);
	if (source->data) {
		memcpy(buffer, source->data + offset, length);
		return TRUE;
	}
	got = vks_read_at(source->fd, buffer, length, offset);
	if (got < 0) {
		vks_error_errno(error, (int)-got, "cannot read the state");
		return FALSE;
	}
	if ((gsize)got < length)
		return set_truncated(error);
	return TRUE;
}

guint8 *vks_source_dup(const VksSource *source, guint64 offset, guint64 length, gsize limit,
		       GError **error)
{
	g_autofree guint8 *buffer = NULL;

	/* What is not there is not allocated either. */
	if (offset > source->size || length > source->size - offset) {
		set_truncated(error);
		return NULL;
	}
	if (length > limit) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "state: a section of %" G_GUINT64_FORMAT " bytes is too long", length);
		return NULL;
	}
	buffer = g_try_malloc((gsize)length + 1);
	if (!buffer) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "state: out of memory");
		return NULL;
	}
	buffer[length] = 0;
	if (!vks_source_read(source, offset, buffer, (gsize)length, error))
		return NULL;
	return g_steal_pointer(&buffer);
}

/* Puts zeros where a range of the file that starts at `offset` overlaps the blank. */
static void blank_out(guint8 *buffer, guint64 offset, gsize length, guint64 blank)
{
	for (guint64 at = MAX(offset, blank); at < blank + BLANK_LENGTH && at < offset + length;
	     at++)
		buffer[at - offset] = 0;
}

gboolean vks_source_crc(const VksSource *source, guint64 blank, guint32 *crc, GError **error)
{
	g_autofree guint8 *buffer = g_malloc(CRC_BUFFER);
	guint64 offset = 0;
	guint32 sum = ~0u;

	while (offset < source->size) {
		gsize length = (gsize)MIN(source->size - offset, CRC_BUFFER);

		if (!vks_source_read(source, offset, buffer, length, error))
			return FALSE;
		blank_out(buffer, offset, length, blank);
		sum = vks_crc32c(sum, buffer, length);
		offset += length;
	}
	*crc = ~sum;
	return TRUE;
}
