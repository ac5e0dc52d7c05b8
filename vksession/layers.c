/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A save's memory is whole, or it is a layer over that of an earlier save: its file holds the pages
 * that differ, at their places, and a map tells which pages are the same as in the layer below. A
 * page that differs and is a hole is zero.
 *
 *   open    - The chain is walked from the save down to one that is whole. What is found there is
 *             compared with what the save says it was built on, so that a memory is never put
 *             together from parts that do not belong together.
 *   read    - Each page is taken from the uppermost layer in which it is not "the same as below".
 *   compare - Byte by byte, never by checksum: a guest that makes collisions must not be able to
 *             have a page taken for another.
 */
#include "vksession/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/sparse.h"
#include "vksession/store.h"

#define STEP_PAGES 64u
#define STEP_BYTES (STEP_PAGES * VKS_PAGE_SIZE)

/** One file of the memory. */
typedef struct {
	int fd;
	guint8 *same; /* NULL in the lowest one */
} Layer;

struct VksLayers {
	guint64 size; /* bytes */
	guint count;
	Layer layers[VKS_MAX_DEPTH + 1]; /* uppermost first */
};

static gboolean bit_is_set(const guint8 *map, guint64 page)
{
	return map[page / 8] >> (page % 8) & 1;
}

static void set_bits(guint8 *map, guint64 first, guint64 end)
{
	for (; first < end && first % 8; first++)
		map[first / 8] |= (guint8)(1u << (first % 8));
	if (end > first && end - first >= 8)
		memset(map + first / 8, 0xff, (end - first) / 8);
	first += (end - first) / 8 * 8;
	for (; first < end; first++)
		map[first / 8] |= (guint8)(1u << (first % 8));
}

gsize vks_page_map_bytes(guint64 memory_size)
{
	return (gsize)((memory_size / VKS_PAGE_SIZE + 7) / 8);
}

void vks_page_map_free(VksPageMap *map)
{
	if (!map)
		return;
	g_free(map->same);
	g_free(map);
}

void vks_layers_close(VksLayers *layers)
{
	if (!layers)
		return;
	for (guint i = 0; i < layers->count; i++) {
		close(layers->layers[i].fd);
		g_free(layers->layers[i].same);
	}
	g_free(layers);
}

/* Opening */

static gboolean set_damaged(GError **error, guint number, const char *problem)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "memory of save %u: %s", number,
		    problem);
	return FALSE;
}

static gboolean add_layer(VksLayers *layers, const char *dir, const VksManifest *manifest,
			  GError **error)
{
	g_autofree char *path = g_build_filename(dir, VKS_PART_MEMORY, NULL);
	g_autofree char *map = g_build_filename(dir, VKS_PART_SAME, NULL);
	gsize bytes = vks_page_map_bytes(layers->size), length = 0;
	Layer *layer = &layers->layers[layers->count];
	struct stat st;

	layer->same = NULL;
	layer->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (layer->fd < 0) {
		vks_error_errno(error, errno, "cannot open %s", path);
		return FALSE;
	}
	layers->count++;
	if (fstat(layer->fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (guint64)st.st_size != layers->size)
		return set_damaged(error, manifest->generation, "file has another size");
	if (!manifest->delta.parent)
		return TRUE;
	layer->same = (guint8 *)vks_file_read(map, bytes, &length, error);
	if (!layer->same)
		return FALSE;
	return length == bytes || set_damaged(error, manifest->generation, "map is too short");
}

/* Adds the layers below that of a manifest, down to one that is whole. */
static gboolean descend(VksLayers *layers, const char *saves_dir, const VksManifest *top,
			GError **error)
{
	g_autoptr(VksManifest) above = NULL;
	const VksManifest *at = top;

	while (at->delta.parent) {
		g_autoptr(VksManifest)
			below = vks_store_load_layer(saves_dir, at->delta.parent, error);
		g_autofree char *dir = vks_store_layer_path(saves_dir, at->delta.parent);

		if (!below) {
			g_prefix_error(error, "it is built on save %u: ", at->delta.parent);
			return FALSE;
		}
		if (strcmp(vks_manifest_memory_checksum(below), at->delta.parent_checksum) != 0)
			return set_damaged(error, below->generation,
					   "it is not the one that was built on");
		if (layers->count > VKS_MAX_DEPTH)
			return set_damaged(error, top->generation, "too many layers");
		if (!add_layer(layers, dir, below, error))
			return FALSE;
		vks_manifest_free(above);
		at = above = g_steal_pointer(&below);
	}
	return TRUE;
}

VksLayers *vks_layers_open(const char *saves_dir, const VksManifest *manifest, GError **error)
{
	g_autofree char *dir = vks_store_layer_path(saves_dir, manifest->generation);

	return vks_layers_open_at(dir, saves_dir, manifest, error);
}

VksLayers *vks_layers_open_at(const char *dir, const char *saves_dir, const VksManifest *manifest,
			      GError **error)
{
	const VksPart *part = vks_manifest_part(manifest, VKS_PART_MEMORY);
	g_autoptr(VksLayers) layers = g_new0(VksLayers, 1);

	if (!part || (manifest->delta.parent && manifest->delta.whole.size != part->size)) {
		set_damaged(error, manifest->generation, "the manifest contradicts itself");
		return NULL;
	}
	layers->size = part->size;
	if (!add_layer(layers, dir, manifest, error) ||
	    !descend(layers, saves_dir, manifest, error))
		return NULL;
	return g_steal_pointer(&layers);
}

guint64 vks_layers_size(const VksLayers *layers)
{
	return layers->size;
}

guint vks_layers_count(const VksLayers *layers)
{
	return layers->count;
}

int vks_layers_single_fd(const VksLayers *layers)
{
	return layers->count == 1 ? layers->layers[0].fd : -1;
}

/* Reading */

static guint owner_of(const VksLayers *layers, guint64 page)
{
	guint i = 0;

	while (layers->layers[i].same && bit_is_set(layers->layers[i].same, page))
		i++;
	return i;
}

static int read_layers(gpointer data, guint8 *buffer, gsize length, guint64 offset)
{
	const VksLayers *layers = data;
	const guint64 all = layers->size / VKS_PAGE_SIZE;
	guint64 page = offset / VKS_PAGE_SIZE, end = page + length / VKS_PAGE_SIZE;

	while (page < end) {
		guint owner = page < all ? owner_of(layers, page) : 0;
		guint64 next = page + 1;
		int errnum;

		while (next < end && (next < all ? owner_of(layers, next) : 0) == owner)
			next++;
		errnum = vks_sparse_read(layers->layers[owner].fd, buffer,
					 (gsize)(next - page) * VKS_PAGE_SIZE,
					 page * VKS_PAGE_SIZE);
		if (errnum)
			return errnum;
		buffer += (next - page) * VKS_PAGE_SIZE;
		page = next;
	}
	return 0;
}

/* May name a page that another layer hides: it is then read and found to be zero. */
static guint64 next_layers_data(gpointer data, guint64 offset, guint64 end)
{
	const VksLayers *layers = data;
	guint64 next = end;

	for (guint i = 0; i < layers->count && next > offset; i++)
		next = vks_sparse_next(layers->layers[i].fd, offset, next);
	return next;
}

gboolean vks_layers_checksum(VksLayers *layers, VksChecksum *sum, VksChecksumProgress progress,
			     gpointer user_data, GCancellable *cancellable, GError **error)
{
	VksChecksumSource source = { layers->size, read_layers, next_layers_data, layers };

	return vks_checksum_source(&source, sum, progress, user_data, cancellable, error);
}

/* Writing */

static gboolean page_is_zero(const guint8 *page)
{
	return page[0] == 0 && memcmp(page, page + 1, VKS_PAGE_SIZE - 1) == 0;
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
	if (!page_is_zero(page))
		return PAGE_WRITE;
	return punch ? PAGE_PUNCH : PAGE_SKIP;
}

/* Deals with pages [first, first + count) that are in the buffer. @return 0, or a positive errno */
static int put_pages(int to, const guint8 *buffer, guint64 first, gsize count, const guint8 *same,
		     gboolean punch)
{
	gsize i = 0;

	while (i < count) {
		const guint8 *start = buffer + i * VKS_PAGE_SIZE;
		PageAction action = action_for(start, same && bit_is_set(same, first + i), punch);
		guint64 offset = (first + i) * VKS_PAGE_SIZE;
		gsize run = 1;
		int errnum = 0;

		while (i + run < count &&
		       action_for(start + run * VKS_PAGE_SIZE,
				  same && bit_is_set(same, first + i + run), punch) == action)
			run++;
		if (action == PAGE_WRITE)
			errnum = write_full(to, start, run * VKS_PAGE_SIZE, offset);
		else if (action == PAGE_PUNCH)
			errnum = punch_hole(to, offset, run * VKS_PAGE_SIZE);
		if (errnum)
			return errnum;
		i += run;
	}
	return 0;
}

static gboolean set_io_error(GError **error, int errnum, GCancellable *cancellable)
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
static gboolean copy_source(const VksChecksumSource *source, int to, const guint8 *same,
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
	return errnum ? set_io_error(error, errnum, cancellable) : TRUE;
}

gboolean vks_pages_copy(int from, int to, guint64 size, const guint8 *same, gboolean punch,
			GCancellable *cancellable, GError **error)
{
	VksChecksumSource source = vks_sparse_source(from, size);

	return copy_source(&source, to, same, punch, cancellable, error);
}

gboolean vks_layers_compose(VksLayers *layers, int to, GCancellable *cancellable, GError **error)
{
	VksChecksumSource source = { layers->size, read_layers, next_layers_data, layers };

	if (ftruncate(to, (off_t)layers->size) < 0)
		return set_io_error(error, errno, NULL);
	return copy_source(&source, to, NULL, FALSE, cancellable, error);
}

/* Comparing */

/** A comparison under way. */
typedef struct {
	VksPageMap *map;
	int fd;
	VksLayers *other; /* may be NULL */
	guint8 *ours, *theirs;
} Comparison;

static void compare_pages(Comparison *comparison, guint64 first, gsize count)
{
	VksPageMap *map = comparison->map;

	for (gsize i = 0; i < count; i++) {
		const guint8 *page = comparison->ours + i * VKS_PAGE_SIZE;
		gboolean zero = page_is_zero(page);
		gboolean same =
			comparison->other &&
			memcmp(page, comparison->theirs + i * VKS_PAGE_SIZE, VKS_PAGE_SIZE) == 0;

		map->data_pages += !zero;
		map->changed_data += !zero && !same;
		if (same)
			set_bits(map->same, first + i, first + i + 1);
	}
}

/* @return 0, or a positive errno */
static int compare_step(Comparison *comparison, guint64 offset, gsize length)
{
	int errnum = vks_sparse_read(comparison->fd, comparison->ours, length, offset);

	if (!errnum && comparison->other)
		errnum = read_layers(comparison->other, comparison->theirs, length, offset);
	if (!errnum)
		compare_pages(comparison, offset / VKS_PAGE_SIZE, length / VKS_PAGE_SIZE);
	return errnum;
}

/* The next place where one of the two may have data. What lies before is zero in both. */
static guint64 skip_zeros(const Comparison *comparison, guint64 at)
{
	guint64 end = comparison->map->size;
	guint64 next = vks_sparse_next(comparison->fd, at, end);

	if (comparison->other)
		next = next_layers_data(comparison->other, at, next);
	if (comparison->other)
		set_bits(comparison->map->same, at / VKS_PAGE_SIZE, next / VKS_PAGE_SIZE);
	return next;
}

static gboolean compare_all(Comparison *comparison, GCancellable *cancellable, GError **error)
{
	guint64 size = comparison->map->size;
	int errnum = 0;

	for (guint64 at = skip_zeros(comparison, 0); at < size && !errnum;
	     at = at < size ? skip_zeros(comparison, at) : at) {
		gsize length = (gsize)MIN(size - at, STEP_BYTES);

		errnum = g_cancellable_is_cancelled(cancellable)
				 ? ECANCELED
				 : compare_step(comparison, at, length);
		at += length;
	}
	return errnum ? set_io_error(error, errnum, cancellable) : TRUE;
}

VksPageMap *vks_layers_compare(int fd, VksLayers *other, GCancellable *cancellable, GError **error)
{
	g_autoptr(VksPageMap) map = g_new0(VksPageMap, 1);
	g_autofree guint8 *ours = g_malloc(STEP_BYTES);
	g_autofree guint8 *theirs = g_malloc(STEP_BYTES);
	Comparison comparison = { map, fd, other, ours, theirs };
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size % VKS_PAGE_SIZE ||
	    (other && (guint64)st.st_size != other->size)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "the guest's memory has another size");
		return NULL;
	}
	map->size = (guint64)st.st_size;
	map->bytes = vks_page_map_bytes(map->size);
	map->same = g_try_malloc0(map->bytes + 1);
	if (!map->same) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "not enough memory for a map");
		return NULL;
	}
	return compare_all(&comparison, cancellable, error) ? g_steal_pointer(&map) : NULL;
}
