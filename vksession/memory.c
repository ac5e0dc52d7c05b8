/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   compare - The memory that the kernel wrote is compared with that of the parent, if any.
 *   choose  - If most of it changed, or there is no parent to build on, the file will be whole.
 *   check   - What is going to be written is known now: it must fit.
 *   put     - clone: where the file system can, the file begins as a clone of the parent's, and
 *             only what changed is written; it is whole.
 *             delta: only what changed is written, and the map of what did not.
 *             whole: everything is written, or the kernel's file is moved if it is on this disk.
 *             What is written of an encrypted save is sealed, page by page; it is never a clone.
 *   sum     - Meanwhile, in a thread, the checksum of what the kernel wrote. It is taken from that
 *             file and not from its copy, so it tells of a copy that went wrong as well.
 */
#include "vksession/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/layers.h"
#include "vksession/machine.h"
#include "vksession/parts.h"
#include "vksession/store.h"

/** One put under way. */
typedef struct {
	const VksMemoryPut *put;
	VksMemoryResult *result;
	char *source; /* path of the kernel's file */
	char *target; /* path of the part */
	int from;
	guint64 size;
	guint64 allocated; /* bytes of the kernel's file that are no holes */
	VksLayers *parent; /* NULL: none to build on */
	VksPageMap *map;   /* NULL: there was nothing to compare with */
} Put;

/** A checksum of the kernel's file that is being computed. */
typedef struct {
	const Put *work;
	VksChecksum sum;
	GThread *thread; /* NULL: none could be had; it is computed at the end */
} Summing;

/* A parent that can't be read is no reason to fail, but one to write everything. */
static void open_parent(Put *work)
{
	const VksManifest *parent = work->put->parent;
	const VksPolicy *policy = work->put->policy;

	if (!parent || !policy->incremental || work->size % VKS_PAGE_SIZE ||
	    !parent->seal.id != !work->put->save->seal.id)
		return;
	work->parent = vks_layers_open(work->put->saves_dir, parent, NULL);
	if (work->parent && vks_layers_size(work->parent) != work->size)
		g_clear_pointer(&work->parent, vks_layers_close);
}

static gboolean compare(Put *work, GError **error)
{
	if (!work->parent)
		return TRUE;
	work->map = vks_layers_compare(work->from, work->parent, work->put->cancellable, error);
	return work->map != NULL;
}

/* What is known before anything is read is no less than what will be written. */
static void choose(Put *work)
{
	const VksMemoryPut *put = work->put;
	const VksPageMap *map = work->map;

	if (work->parent && (map->changed_data > map->data_pages / 2 ||
			     vks_layers_count(work->parent) > put->policy->chain))
		g_clear_pointer(&work->parent, vks_layers_close);
	if (work->parent)
		work->result->written_bytes = map->changed_data * VKS_PAGE_SIZE;
	else
		work->result->written_bytes = map ? map->data_pages * VKS_PAGE_SIZE
						  : work->allocated;
}

static gboolean check(const Put *work, GError **error)
{
	guint64 spare = work->put->spare_bytes;
	guint64 free_bytes = vks_free_space(work->put->target);
	guint64 need = work->result->written_bytes + vks_page_map_bytes(work->size);
	g_autofree char *need_text = g_format_size_full(need, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *free_text = g_format_size_full(free_bytes, G_FORMAT_SIZE_IEC_UNITS);

	if (spare == G_MAXUINT64 || free_bytes >= need + spare)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
		    "this save takes %s, and the store's disk has %s free (--force tries all the "
		    "same)",
		    need_text, free_text);
	return FALSE;
}

static int create_target(const Put *work, GError **error)
{
	autofd fd = open(work->target, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, 0600) < 0 || ftruncate(fd, (off_t)work->size) < 0) {
		vks_error_errno(error, errno, "cannot make %s", work->target);
		return -1;
	}
	return steal_fd(&fd);
}

/* @return whether the file is now a clone of the parent's, if that lies in one file */
static gboolean clone_parent(const Put *work, int to)
{
	int parent = work->parent ? vks_layers_single_fd(work->parent) : -1;

	return work->put->policy->reflink && !work->put->save->seal.id && parent >= 0 &&
	       ioctl(to, FICLONE, parent) == 0;
}

static gboolean seal_pages(const Put *work, int to, const guint8 *same, GError **error)
{
	const VksMemoryPut *put = work->put;
	g_autoptr(VksSeals) seals = vks_seals_new();
	g_autoptr(GByteArray) part = NULL;

	if (!vks_pages_seal(work->from, to, work->size, same, put->save->seal.sealing, seals,
			    put->cancellable, error))
		return FALSE;
	part = vks_seals_print(seals);
	work->result->written_bytes += part->len;
	return vks_part_put(put->target, put->save, VKS_PART_SEALS, part->data, part->len, error);
}

/* @param same  map of the pages to leave out; NULL: none */
static gboolean write_pages(const Put *work, int to, const guint8 *same, GError **error)
{
	if (work->put->save->seal.id)
		return seal_pages(work, to, same, error);
	return vks_pages_copy(work->from, to, work->size, same, FALSE, work->put->cancellable,
			      error);
}

/* Thread. Returns a GError, or NULL. */
static gpointer sum_file(gpointer data)
{
	Summing *summing = data;
	const VksMemoryPut *put = summing->work->put;
	GError *error = NULL;

	vks_checksum_fd(summing->work->from, &summing->sum, put->progress, put->user_data,
			put->cancellable, &error);
	return error;
}

/* Waits for a checksum, or computes it. Return: whether there is one; else nothing or an error. */
static gboolean sum_end(Summing *summing, gboolean is_wanted, GError **error)
{
	GError *failure = NULL;

	if (summing->thread)
		failure = g_thread_join(summing->thread);
	else if (is_wanted)
		failure = sum_file(summing);
	if (failure && is_wanted)
		g_propagate_error(error, failure);
	else
		g_clear_error(&failure);
	return is_wanted && !failure;
}

/*
 * Copies pages, and computes the checksum of the whole of what the kernel wrote, hidden if the save
 * is encrypted: it would tell what is in the memory.
 */
static gboolean copy_and_sum(const Put *work, int to, const guint8 *same, VksChecksum *sum,
			     GError **error)
{
	const VksManifestSeal *seal = &work->put->save->seal;
	Summing summing = { .work = work };
	gboolean copied;

	summing.thread = g_thread_try_new("checksum", sum_file, &summing, NULL);
	copied = write_pages(work, to, same, error);
	if (!sum_end(&summing, copied, error))
		return FALSE;
	*sum = summing.sum;
	if (seal->id) {
		vks_sealing_hide_checksum(seal->sealing, sum->hex);
		g_strlcpy(work->result->hidden, sum->hex, sizeof(work->result->hidden));
	}
	return TRUE;
}

static gboolean put_delta(Put *work, int to, GError **error)
{
	const VksMemoryPut *put = work->put;
	VksDelta *delta = &work->result->delta;

	if (!copy_and_sum(work, to, work->map->same, &delta->whole, error) ||
	    !vks_part_put(put->target, put->save, VKS_PART_SAME, work->map->same, work->map->bytes,
			  error))
		return FALSE;
	delta->parent = put->parent->generation;
	delta->depth = vks_layers_count(work->parent);
	g_strlcpy(delta->parent_checksum, vks_manifest_memory_checksum(put->parent),
		  sizeof(delta->parent_checksum));
	work->result->written_bytes += work->map->bytes;
	return TRUE;
}

static gboolean put_whole(const Put *work, GError **error)
{
	gboolean sealed = work->put->save->seal.id != NULL;
	VksMemoryResult *result = work->result;
	guint64 estimate = result->written_bytes;
	VksChecksum sum;
	autofd to = -1;

	if (!sealed && rename(work->source, work->target) == 0)
		return TRUE;
	if (!sealed && errno != EXDEV) {
		vks_error_errno(error, errno, "cannot move %s", work->source);
		return FALSE;
	}
	to = create_target(work, error);
	if (to < 0 || !copy_and_sum(work, to, NULL, &sum, error))
		return FALSE;
	result->written_bytes += sum.data_bytes - estimate;
	if (!sealed)
		result->part = sum;
	return TRUE;
}

static gboolean put_pages(Put *work, GError **error)
{
	autofd to = -1;

	if (!work->parent)
		return put_whole(work, error);
	to = create_target(work, error);
	if (to < 0)
		return FALSE;
	if (clone_parent(work, to))
		return vks_pages_copy(work->from, to, work->size, work->map->same, TRUE,
				      work->put->cancellable, error);
	return put_delta(work, to, error);
}

static gboolean open_source(Put *work, GError **error)
{
	struct stat st;

	work->from = open(work->source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (work->from < 0 || fstat(work->from, &st) < 0) {
		vks_error_errno(error, errno, "cannot open %s", work->source);
		return FALSE;
	}
	if (!S_ISREG(st.st_mode) || st.st_size % VKS_PAGE_SIZE) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "the guest's memory has a strange size");
		return FALSE;
	}
	work->size = (guint64)st.st_size;
	work->allocated = (guint64)st.st_blocks * 512;
	return TRUE;
}

gboolean vks_memory_put(const VksMemoryPut *put, VksMemoryResult *result, GError **error)
{
	Put work = { .put = put, .result = result, .from = -1 };
	gboolean ok;

	*result = (VksMemoryResult){ 0 };
	work.source = g_build_filename(put->staging, VKS_PART_MEMORY, NULL);
	work.target = g_build_filename(put->target, VKS_PART_MEMORY, NULL);
	ok = open_source(&work, error);
	if (ok)
		open_parent(&work);
	ok = ok && compare(&work, error);
	if (ok)
		choose(&work);
	ok = ok && check(&work, error) && put_pages(&work, error);
	if (work.from >= 0)
		close(work.from);
	vks_layers_close(work.parent);
	vks_page_map_free(work.map);
	g_free(work.source);
	g_free(work.target);
	return ok;
}
