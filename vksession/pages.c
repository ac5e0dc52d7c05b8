/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <unistd.h>

#include "vksession/error.h"
#include "vksession/sparse.h"

#define STEP_PAGES	64u
#define STEP_BYTES	(STEP_PAGES * VKS_PAGE_SIZE)
/* So much is handed to the disk at once: fewer requests than a page each, early enough to overlap. */
#define WRITEBACK_BYTES (8u << 20)

/** Where pages are written to. */
typedef struct {
	int fd;
	const VksSealing *sealing; /* NULL: as they are */
	VksSeals *seals;
	VksPageSeal seal; /* of the last page; its salt is that of all */
	guint8 *sealed;	  /* STEP_BYTES */
	guint64 waiting;  /* bytes written since the last of begin_writeback() */
	guint64 handed;	  /* offset that it has come to */
} Target;

gboolean vks_page_is_zero(const guint8 *page)
{
	return page[0] == 0 && memcmp(page, page + 1, VKS_PAGE_SIZE - 1) == 0;
}

gboolean vks_page_is_set(const guint8 *map, guint64 page)
{
	return map[page / 8] >> (page % 8) & 1;
}

/* @return 0, or a positive errno */
static int write_full(int fd, const guint8 *buffer, gsize length, guint64 offset)
{
	while (length > 0) {
		ssize_t n = pwrite(fd, buffer, length, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		buffer += n;
		offset += (guint64)n;
		length -= (gsize)n;
	}
	return 0;
}

/*
 * Lets the disk begin with what was written up to an offset, so that it works while the rest is
 * copied, and whoever syncs the file has less to wait for. No more than a hint (sync_file_range(2)):
 * a file system that can't loses time, not data, and an error of the disk is fsync()'s to tell.
 */
static void begin_writeback(Target *to, gsize written, guint64 end)
{
	to->waiting += written;
	if (to->waiting < WRITEBACK_BYTES)
		return;
	sync_file_range(to->fd, (off_t)to->handed, (off_t)(end - to->handed),
			SYNC_FILE_RANGE_WRITE);
	to->handed = end;
	to->waiting = 0;
}

/* Writes whole pages, STEP_PAGES at most. @return 0, or a positive errno */
static int write_pages(Target *to, const guint8 *pages, gsize count, guint64 first)
{
	int errnum;

	for (gsize i = 0; to->sealing && i < count; i++) {
		to->seal.page = first + i;
		vks_sealing_close_page(to->sealing, &to->seal, pages + i * VKS_PAGE_SIZE,
				       to->sealed + i * VKS_PAGE_SIZE);
		vks_seals_add(to->seals, &to->seal);
	}
	errnum = write_full(to->fd, to->sealing ? to->sealed : pages, count * VKS_PAGE_SIZE,
			    first * VKS_PAGE_SIZE);
	if (!errnum)
		begin_writeback(to, count * VKS_PAGE_SIZE, (first + count) * VKS_PAGE_SIZE);
	return errnum;
}

static int punch_hole(int fd, guint64 offset, guint64 length)
{
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
		      (off_t)length) < 0)
		return errno;
	return 0;
}

typedef enum { PAGE_SKIP, PAGE_WRITE, PAGE_PUNCH } PageAction;

static PageAction action_for(const guint8 *page, gboolean is_same, gboolean punch)
{
	if (is_same)
		return PAGE_SKIP;
	if (!vks_page_is_zero(page))
		return PAGE_WRITE;
	return punch ? PAGE_PUNCH : PAGE_SKIP;
}

/* Deals with pages [first, first + count) that are in the buffer. @return 0, or a positive errno */
static int put_pages(Target *to, const guint8 *buffer, guint64 first, gsize count,
		     const guint8 *same, gboolean punch)
{
	gsize i = 0;

	while (i < count) {
		const guint8 *start = buffer + i * VKS_PAGE_SIZE;
		PageAction action =
			action_for(start, same && vks_page_is_set(same, first + i), punch);
		guint64 offset = (first + i) * VKS_PAGE_SIZE;
		gsize run = 1;
		int errnum = 0;

		while (i + run < count &&
		       action_for(start + run * VKS_PAGE_SIZE,
				  same && vks_page_is_set(same, first + i + run), punch) == action)
			run++;
		if (action == PAGE_WRITE)
			errnum = write_pages(to, start, run, first + i);
		else if (action == PAGE_PUNCH)
			errnum = punch_hole(to->fd, offset, run * VKS_PAGE_SIZE);
		if (errnum)
			return errnum;
		i += run;
	}
	return 0;
}

gboolean vks_pages_fail(int errnum, GCancellable *cancellable, GError **error)
{
	if (g_cancellable_is_cancelled(cancellable))
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "interrupted");
	else
		vks_error_errno(error, errnum, "cannot copy memory");
	return FALSE;
}

/* Whether none of the pages of a step, which begins at a multiple of its size, is wanted. */
static gboolean step_is_same(const guint8 *same, guint64 offset, gsize length)
{
	static const guint8 all[STEP_PAGES / 8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return same && offset % STEP_BYTES == 0 && length == STEP_BYTES &&
	       memcmp(same + offset / VKS_PAGE_SIZE / 8, all, sizeof(all)) == 0;
}

/* Copies from any source; a hole of it is a hole, or is left out, in `to`. */
static gboolean copy_source(const VksChecksumSource *source, Target *to, const guint8 *same,
			    gboolean punch, GCancellable *cancellable, GError **error)
{
	g_autofree guint8 *buffer = g_malloc(STEP_BYTES);
	guint64 at = 0;
	int errnum = 0;

	while (at < source->size && !errnum) {
		gsize length;

		if (!punch)
			at = source->next_data(source->data, at, source->size);
		length = (gsize)MIN(source->size - at, STEP_BYTES);
		if (length == 0)
			break;
		at += length;
		if (step_is_same(same, at - length, length))
			continue;
		errnum = g_cancellable_is_cancelled(cancellable) ? ECANCELED : 0;
		if (!errnum)
			errnum = source->read(source->data, buffer, length, at - length);
		if (!errnum)
			errnum = put_pages(to, buffer, (at - length) / VKS_PAGE_SIZE,
					   length / VKS_PAGE_SIZE, same, punch);
	}
	return errnum ? vks_pages_fail(errnum, cancellable, error) : TRUE;
}

gboolean vks_pages_copy(int from, int to, guint64 size, const guint8 *same, gboolean punch,
			GCancellable *cancellable, GError **error)
{
	VksChecksumSource source = vks_sparse_source(from, size);
	Target target = { .fd = to };

	return copy_source(&source, &target, same, punch, cancellable, error);
}

gboolean vks_pages_seal(int from, int to, guint64 size, const guint8 *same,
			const VksSealing *sealing, VksSeals *seals, GCancellable *cancellable,
			GError **error)
{
	VksChecksumSource source = vks_sparse_source(from, size);
	Target target = { .fd = to, .sealing = sealing, .seals = seals };
	g_autofree guint8 *sealed = g_malloc(STEP_BYTES);

	target.sealed = sealed;
	vks_sealing_salt(target.seal.salt);
	return copy_source(&source, &target, same, FALSE, cancellable, error);
}

/* @return 0, or a positive errno */
static int open_page(int from, int to, const VksSealing *sealing, const VksPageSeal *seal)
{
	guint64 offset = seal->page * VKS_PAGE_SIZE;
	guint8 page[VKS_PAGE_SIZE];
	int errnum = vks_sparse_read(from, page, sizeof(page), offset);

	if (errnum)
		return errnum;
	if (!vks_sealing_open_page(sealing, seal, page, page))
		return EBADMSG;
	return write_full(to, page, sizeof(page), offset);
}

gboolean vks_pages_open(int from, int to, const VksSealing *sealing, const VksSeals *seals,
			GCancellable *cancellable, GError **error)
{
	const VksPageSeal *seal = vks_seals_next(seals, 0);
	int errnum = 0;

	for (; seal && !errnum; seal = vks_seals_next(seals, seal->page + 1))
		errnum = g_cancellable_is_cancelled(cancellable)
				 ? ECANCELED
				 : open_page(from, to, sealing, seal);
	return errnum ? vks_pages_fail(errnum, cancellable, error) : TRUE;
}

gboolean vks_pages_write(const VksChecksumSource *source, int to, GCancellable *cancellable,
			 GError **error)
{
	Target target = { .fd = to };

	if (ftruncate(to, (off_t)source->size) < 0)
		return vks_pages_fail(errno, NULL, error);
	return copy_source(source, &target, NULL, FALSE, cancellable, error);
}
