/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/sparse.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SIZE 4096u

/* Negative offset: at the descriptor's position. */
static gssize read_whole(int fd, void *buffer, gsize length, gint64 offset)
{
	gsize done = 0;

	while (done < length) {
		guint8 *to = (guint8 *)buffer + done;
		ssize_t n = offset < 0 ? read(fd, to, length - done)
				       : pread(fd, to, length - done, offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (gsize)n;
	}
	return (gssize)done;
}

gssize vks_read_all(int fd, void *buffer, gsize length)
{
	return read_whole(fd, buffer, length, -1);
}

gssize vks_read_at(int fd, void *buffer, gsize length, guint64 offset)
{
	return read_whole(fd, buffer, length, (gint64)offset);
}

int vks_sparse_read(int fd, guint8 *buffer, gsize length, guint64 offset)
{
	gssize got = vks_read_at(fd, buffer, length, offset);

	if (got < 0)
		return (int)-got;
	memset(buffer + got, 0, length - (gsize)got);
	return 0;
}

guint64 vks_sparse_next(int fd, guint64 offset, guint64 end)
{
	off_t found = lseek(fd, (off_t)offset, SEEK_DATA);

	if (found < 0)
		return errno == ENXIO ? end : offset;
	return MIN((guint64)found / BLOCK_SIZE * BLOCK_SIZE, end);
}

guint64 vks_sparse_hole(int fd, guint64 offset, guint64 end)
{
	off_t found = lseek(fd, (off_t)offset, SEEK_HOLE);

	return found > (off_t)offset ? MIN((guint64)found, end) : end;
}

static int read_source(gpointer data, guint8 *buffer, gsize length, guint64 offset)
{
	return vks_sparse_read(GPOINTER_TO_INT(data), buffer, length, offset);
}

static guint64 next_in_source(gpointer data, guint64 offset, guint64 end)
{
	return vks_sparse_next(GPOINTER_TO_INT(data), offset, end);
}

VksChecksumSource vks_sparse_source(int fd, guint64 size)
{
	return (VksChecksumSource){ size, read_source, next_in_source, GINT_TO_POINTER(fd) };
}
