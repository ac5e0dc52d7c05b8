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
 *             Each encrypted page is opened for itself.
 *   compare - Byte by byte, never by checksum: a guest that makes collisions must not be able to
 *             have a page taken for another.
 */
#include "vksession/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/pages.h"
#include "vksession/parts.h"
#include "vksession/sparse.h"
#include "vksession/store.h"

#define STEP_PAGES 64u
#define STEP_BYTES (STEP_PAGES * VKS_PAGE_SIZE)

/** One file of the memory. */
typedef struct {
	int fd;
	guint8 *same;	 /* NULL in the lowest one */
	VksSeals *seals; /* NULL: it is not encrypted */
} Layer;

struct VksLayers {
	guint64 size;	     /* bytes */
	VksSealing *sealing; /* NULL: the uppermost one is not encrypted */
	guint count;
	Layer layers[VKS_MAX_DEPTH + 1]; /* uppermost first */
};

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
		vks_seals_free(layers->layers[i].seals);
	}
	vks_sealing_unref(layers->sealing);
	g_free(layers);
}

/* Opening */

static gboolean set_damaged(GError **error, guint number, const char *problem)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "memory of save %u: %s", number,
		    problem);
	return FALSE;
}

VksSeals *vks_seals_read(const char *dir, const VksManifest *manifest, GError **error)
{
	const VksPart *memory = vks_manifest_part(manifest, VKS_PART_MEMORY);
	const VksPart *part = vks_manifest_part(manifest, VKS_PART_SEALS);
	g_autofree char *data = NULL;
	gsize length = 0;

	if (!part || !memory) {
		set_damaged(error, manifest->generation, "the manifest contradicts itself");
		return NULL;
	}
	data = vks_part_get(dir, manifest, VKS_PART_SEALS, (gsize)part->size, &length, error);
	return data ? vks_seals_parse((const guint8 *)data, length, memory->size / VKS_PAGE_SIZE,
				      error)
		    : NULL;
}

static gboolean add_layer(VksLayers *layers, const char *dir, const VksManifest *manifest,
			  GError **error)
{
	g_autofree char *path = g_build_filename(dir, VKS_PART_MEMORY, NULL);
	gsize bytes = vks_page_map_bytes(layers->size), length = 0;
	Layer *layer = &layers->layers[layers->count];
	struct stat st;

	*layer = (Layer){ .fd = -1 };
	layer->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (layer->fd < 0) {
		vks_error_errno(error, errno, "cannot open %s", path);
		return FALSE;
	}
	layers->count++;
	if (fstat(layer->fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (guint64)st.st_size != layers->size)
		return set_damaged(error, manifest->generation, "file has another size");
	layer->seals = manifest->seal.id ? vks_seals_read(dir, manifest, error) : NULL;
	if (manifest->seal.id && !layer->seals)
		return FALSE;
	if (!manifest->delta.parent)
		return TRUE;
	layer->same = (guint8 *)vks_part_get(dir, manifest, VKS_PART_SAME, bytes, &length, error);
	if (!layer->same)
		return FALSE;
	return length == bytes || set_damaged(error, manifest->generation, "map is too short");
}

/*
 * Whether a save was built on that other one. While a session is being encrypted or decrypted, it
 * may be that only the upper one of the two is encrypted.
 */
static gboolean is_built_on(const VksManifest *save, const VksManifest *below,
			    const VksSealing *sealing)
{
	char found[VKS_CHECKSUM_HEX + 1];

	g_strlcpy(found, vks_manifest_memory_checksum(below), sizeof(found));
	if (save->seal.id && !below->seal.id)
		vks_sealing_hide_checksum(sealing, found);
	return strcmp(save->delta.parent_checksum, found) == 0;
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

		if (!below ||
		    (layers->sealing && !vks_manifest_unlock(below, layers->sealing, error))) {
			g_prefix_error(error, "it is built on save %u: ", at->delta.parent);
			return FALSE;
		}
		if (vks_manifest_is_locked(below) || !is_built_on(at, below, layers->sealing))
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
	layers->sealing = vks_sealing_ref(manifest->seal.sealing);
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

/* As vks_sparse_read(), of whole pages of a layer. */
static int read_layer(const VksLayers *layers, const Layer *layer, guint8 *buffer, gsize length,
		      guint64 offset)
{
	int errnum = vks_sparse_read(layer->fd, buffer, length, offset);

	for (gsize done = 0; !errnum && layer->seals && done < length; done += VKS_PAGE_SIZE) {
		guint64 page = (offset + done) / VKS_PAGE_SIZE;
		const VksPageSeal *seal = vks_seals_next(layer->seals, page);

		if (!seal || seal->page != page)
			memset(buffer + done, 0, VKS_PAGE_SIZE);
		else if (!vks_sealing_open_page(layers->sealing, seal, buffer + done,
						buffer + done))
			errnum = EBADMSG;
	}
	return errnum;
}

static guint owner_of(const VksLayers *layers, guint64 page)
{
	guint i = 0;

	while (layers->layers[i].same && vks_page_is_set(layers->layers[i].same, page))
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
		errnum = read_layer(layers, &layers->layers[owner], buffer,
				    (gsize)(next - page) * VKS_PAGE_SIZE, page * VKS_PAGE_SIZE);
		if (errnum)
			return errnum;
		buffer += (next - page) * VKS_PAGE_SIZE;
		page = next;
	}
	return 0;
}

/* What an encrypted file holds is told by its seals: a hole in it may be somebody's work. */
static guint64 next_layer_data(const Layer *layer, guint64 offset, guint64 end)
{
	const VksPageSeal *seal;

	if (!layer->seals)
		return vks_sparse_next(layer->fd, offset, end);
	seal = vks_seals_next(layer->seals, offset / VKS_PAGE_SIZE);
	return seal ? MIN(seal->page * VKS_PAGE_SIZE, end) : end;
}

/* May name a page that another layer hides: it is then read and found to be zero. */
static guint64 next_layers_data(gpointer data, guint64 offset, guint64 end)
{
	const VksLayers *layers = data;
	guint64 next = end;

	for (guint i = 0; i < layers->count && next > offset; i++)
		next = next_layer_data(&layers->layers[i], offset, next);
	return next;
}

gboolean vks_layers_plain_checksum(VksLayers *layers, VksChecksum *sum,
				   VksChecksumProgress progress, gpointer user_data,
				   GCancellable *cancellable, GError **error)
{
	VksChecksumSource source = { layers->size, read_layers, next_layers_data, layers };

	if (vks_checksum_source(&source, sum, progress, user_data, cancellable, error))
		return TRUE;
	if (layers->sealing)
		g_prefix_error(error, "encrypted memory: ");
	return FALSE;
}

gboolean vks_layers_checksum(VksLayers *layers, VksChecksum *sum, VksChecksumProgress progress,
			     gpointer user_data, GCancellable *cancellable, GError **error)
{
	if (!vks_layers_plain_checksum(layers, sum, progress, user_data, cancellable, error))
		return FALSE;
	if (layers->sealing)
		vks_sealing_hide_checksum(layers->sealing, sum->hex);
	return TRUE;
}

gboolean vks_layers_compose(VksLayers *layers, int to, GCancellable *cancellable, GError **error)
{
	VksChecksumSource source = { layers->size, read_layers, next_layers_data, layers };

	return vks_pages_write(&source, to, cancellable, error);
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
		gboolean zero = vks_page_is_zero(page);
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
	return errnum ? vks_pages_fail(errnum, cancellable, error) : TRUE;
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
