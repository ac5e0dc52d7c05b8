/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A save that is built on another (see layers.c) needs that other's pages. So:
 *
 *   remove      - A save that nothing is built on is removed. Any other becomes a base: one rename,
 *                 and it is no save any more.
 *   consolidate - For each base, the oldest first, what is built on it is rewritten.
 *      absorb     - The base's pages are copied to the child's. The cost is the base's own pages,
 *                   so that is for bases that are built on others themselves, or that several are
 *                   built on.
 *      fold       - The child's pages are written into the base's file, which then becomes the
 *                   child's memory. The cost is the child's own pages only, however large the
 *                   memory. While it is under way, a page of the base that the child has one of
 *                   its own for may be the old or the new one: nobody ever takes it from there,
 *                   since the child hides it, and nothing else is built on the base.
 *      check      - The checksum of the whole memory is the same as before, or nothing is changed.
 *      replace    - One exchange of names (see store.c). Others that are built on the child need
 *                   not know: its memory as a whole is the same.
 *
 * Pages of encrypted saves are copied as they are, and their seals go with them: nothing is opened
 * for it but the maps and the seals. That takes the session's key; without it, bases stay.
 *
 * Interrupted anywhere, each save still has the same memory; what was not finished is done again.
 */
#include "vksession/consolidate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/layers.h"
#include "vksession/parts.h"
#include "vksession/store.h"

/** One save or base that is rewritten, and the base that it is to be freed of. */
typedef struct {
	const char *saves_dir;
	GCancellable *cancellable;
	const VksManifest *base;
	VksManifest *child; /* becomes the new manifest */
	char *base_dir, *child_dir;
	char *temporary; /* the new directory; NULL before begin and after replace */
	guint64 size;	 /* of the memory, bytes */
} Rewrite;

static void add_children(GPtrArray *children, const char *saves_dir, const GArray *numbers,
			 guint parent, gboolean *unknown)
{
	for (guint i = 0; numbers && i < numbers->len; i++) {
		guint number = g_array_index(numbers, guint, i);
		VksManifest *manifest;

		if (number == parent)
			continue;
		manifest = vks_store_load_layer(saves_dir, number, NULL);
		if (!manifest)
			*unknown = TRUE;
		else if (manifest->delta.parent == parent)
			g_ptr_array_add(children, g_steal_pointer(&manifest));
		vks_manifest_free(manifest);
	}
}

/*
 * Manifests of all saves and bases that are built on one.
 * @param[out] unknown  there are some that can't be read, and might be too
 */
static GPtrArray *children_of(const char *saves_dir, guint parent, gboolean *unknown)
{
	GPtrArray *children = g_ptr_array_new_with_free_func((GDestroyNotify)vks_manifest_free);
	g_autoptr(GArray) saves = vks_store_numbers(saves_dir, NULL);
	g_autoptr(GArray) bases = vks_store_bases(saves_dir, NULL);

	*unknown = !saves || !bases;
	add_children(children, saves_dir, saves, parent, unknown);
	add_children(children, saves_dir, bases, parent, unknown);
	return children;
}

gboolean vks_saves_remove(const char *saves_dir, guint number, gboolean shred, GError **error)
{
	gboolean unknown;
	g_autoptr(GPtrArray) children = children_of(saves_dir, number, &unknown);

	if (children->len > 0 || unknown)
		return vks_store_retire(saves_dir, number, error);
	return vks_store_remove(saves_dir, number, shred, error);
}

gboolean vks_bases_collect(const char *saves_dir, GError **error)
{
	g_autoptr(GArray) bases = vks_store_bases(saves_dir, error);

	if (!bases)
		return FALSE;
	/* The newest first: with it, what it is built on may have nothing built on it any more. */
	for (guint i = bases->len; i > 0; i--) {
		guint number = g_array_index(bases, guint, i - 1);
		gboolean unknown;
		g_autoptr(GPtrArray) children = children_of(saves_dir, number, &unknown);

		if (children->len == 0 && !unknown &&
		    !vks_store_remove_base(saves_dir, number, error))
			return FALSE;
	}
	return TRUE;
}

/* Rewriting */

static char *file_in(const char *dir, const char *name)
{
	return g_build_filename(dir, name, NULL);
}

static int open_memory(const char *dir, int flags, GError **error)
{
	g_autofree char *path = file_in(dir, VKS_PART_MEMORY);
	int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		vks_error_errno(error, errno, "cannot open %s", path);
	return fd;
}

/* The map of what is the same as below; NULL for a memory that is whole, or on error. */
static guint8 *read_map(const char *dir, const VksManifest *manifest, guint64 size, GError **error)
{
	gsize length = 0, bytes = vks_page_map_bytes(size);
	g_autofree char *map = NULL;

	if (!manifest->delta.parent)
		return NULL;
	map = vks_part_get(dir, manifest, VKS_PART_SAME, bytes, &length, error);
	if (map && length == bytes)
		return (guint8 *)g_steal_pointer(&map);
	if (map)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s/%s is too short", dir,
			    VKS_PART_SAME);
	return NULL;
}

/* All parts but those of the memory are the same files as before. */
static gboolean link_parts(const Rewrite *rewrite, GError **error)
{
	for (guint i = 0; i < rewrite->child->parts->len; i++) {
		const VksPart *part = rewrite->child->parts->pdata[i];
		g_autofree char *from = file_in(rewrite->child_dir, part->name);
		g_autofree char *to = file_in(rewrite->temporary, part->name);

		if (strcmp(part->name, VKS_PART_MEMORY) == 0 ||
		    strcmp(part->name, VKS_PART_SAME) == 0 ||
		    strcmp(part->name, VKS_PART_SEALS) == 0)
			continue;
		/* An optional part that is not there was not there before. */
		if (link(from, to) < 0 && (part->required || errno != ENOENT)) {
			vks_error_errno(error, errno, "cannot link %s", from);
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean begin(Rewrite *rewrite, GError **error)
{
	rewrite->temporary = vks_store_begin(rewrite->saves_dir, error);
	return rewrite->temporary && link_parts(rewrite, error);
}

/* Copies the pages of a directory's memory that a map does not name. */
static gboolean add_pages(const Rewrite *rewrite, const char *from_dir, const guint8 *leave_out,
			  int to, gboolean punch, GError **error)
{
	autofd from = open_memory(from_dir, O_RDONLY, error);

	return from >= 0 && vks_pages_copy(from, to, rewrite->size, leave_out, punch,
					   rewrite->cancellable, error);
}

/* What to leave out of the base's pages: those that the child has its own of, or the base not. */
static guint8 *hidden_pages(const guint8 *child, const guint8 *base, gsize bytes)
{
	guint8 *map = g_malloc(bytes);

	for (gsize i = 0; i < bytes; i++)
		map[i] = (guint8)(~child[i] | (base ? base[i] : 0));
	return map;
}

static gboolean write_map(const Rewrite *rewrite, const guint8 *child, const guint8 *base,
			  gsize bytes, GError **error)
{
	g_autofree guint8 *map = g_malloc(bytes);

	for (gsize i = 0; i < bytes; i++)
		map[i] = child[i] & base[i];
	return vks_part_put(rewrite->temporary, rewrite->child, VKS_PART_SAME, map, bytes, error);
}

/* The seals of the child's pages, and of those of the base that it takes. */
static gboolean merge_seals(const Rewrite *rewrite, const guint8 *hidden, GError **error)
{
	g_autoptr(VksSeals) child = NULL, base = NULL, merged = NULL;
	g_autoptr(GByteArray) part = NULL;

	if (!rewrite->child->seal.id)
		return TRUE;
	child = vks_seals_read(rewrite->child_dir, rewrite->child, error);
	base = child ? vks_seals_read(rewrite->base_dir, rewrite->base, error) : NULL;
	if (!base)
		return FALSE;
	merged = vks_seals_merge(child, base, hidden);
	part = vks_seals_print(merged);
	return vks_part_put(rewrite->temporary, rewrite->child, VKS_PART_SEALS, part->data,
			    part->len, error);
}

static gboolean absorb(const Rewrite *rewrite, GError **error)
{
	gsize bytes = vks_page_map_bytes(rewrite->size);
	g_autoptr(GError) cause = NULL;
	g_autofree guint8 *child =
		read_map(rewrite->child_dir, rewrite->child, rewrite->size, error);
	g_autofree guint8 *base = read_map(rewrite->base_dir, rewrite->base, rewrite->size, &cause);
	g_autofree guint8 *hidden = NULL;
	autofd to = -1;

	if (!child)
		return FALSE;
	if (cause) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	hidden = hidden_pages(child, base, bytes);
	to = open_memory(rewrite->temporary, O_RDWR | O_CREAT | O_EXCL, error);
	if (to < 0)
		return FALSE;
	if (fchmod(to, 0600) < 0 || ftruncate(to, (off_t)rewrite->size) < 0) {
		vks_error_errno(error, errno, "cannot make a memory file");
		return FALSE;
	}
	return add_pages(rewrite, rewrite->child_dir, child, to, FALSE, error) &&
	       add_pages(rewrite, rewrite->base_dir, hidden, to, FALSE, error) &&
	       merge_seals(rewrite, hidden, error) &&
	       (!base || write_map(rewrite, child, base, bytes, error));
}

static gboolean fold(const Rewrite *rewrite, GError **error)
{
	g_autofree guint8 *child =
		read_map(rewrite->child_dir, rewrite->child, rewrite->size, error);
	g_autofree char *from = file_in(rewrite->base_dir, VKS_PART_MEMORY);
	g_autofree char *to = file_in(rewrite->temporary, VKS_PART_MEMORY);
	autofd base = child ? open_memory(rewrite->base_dir, O_RDWR, error) : -1;
	g_autofree guint8 *hidden =
		child ? hidden_pages(child, NULL, vks_page_map_bytes(rewrite->size)) : NULL;

	/* The seals first: a base that is half folded has pages that its own seals do not fit. */
	if (base < 0 || !merge_seals(rewrite, hidden, error) ||
	    !add_pages(rewrite, rewrite->child_dir, child, base, TRUE, error))
		return FALSE;
	if (link(from, to) < 0) {
		vks_error_errno(error, errno, "cannot link %s", from);
		return FALSE;
	}
	return TRUE;
}

static gboolean set_part(const Rewrite *rewrite, const char *name, GError **error)
{
	g_autofree char *path = file_in(rewrite->temporary, name);
	VksChecksum sum;

	if (!vks_path_sync(path, error) ||
	    !vks_checksum_path(path, &sum, NULL, NULL, rewrite->cancellable, error))
		return FALSE;
	vks_manifest_remove_part(rewrite->child, name);
	vks_manifest_add_part(rewrite->child, name, TRUE, &sum);
	return TRUE;
}

/* The memory as a whole must be what it was; only then does the child get its new manifest. */
static gboolean check(const Rewrite *rewrite, GError **error)
{
	const VksDelta before = rewrite->child->delta;
	g_autoptr(VksLayers) layers = NULL;
	VksChecksum sum;

	rewrite->child->delta = (VksDelta){ 0 };
	if (rewrite->base->delta.parent) {
		rewrite->child->delta = rewrite->base->delta;
		rewrite->child->delta.whole = before.whole;
	}
	vks_manifest_remove_part(rewrite->child, VKS_PART_SAME);
	vks_manifest_remove_part(rewrite->child, VKS_PART_SEALS);
	if (!set_part(rewrite, VKS_PART_MEMORY, error) ||
	    (rewrite->child->seal.id && !set_part(rewrite, VKS_PART_SEALS, error)) ||
	    (rewrite->child->delta.parent && !set_part(rewrite, VKS_PART_SAME, error)))
		return FALSE;
	layers = vks_layers_open_at(rewrite->temporary, rewrite->saves_dir, rewrite->child, error);
	if (!layers || !vks_layers_checksum(layers, &sum, NULL, NULL, rewrite->cancellable, error))
		return FALSE;
	if (strcmp(sum.hex, before.whole.hex) == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		    "save %u is damaged: its memory with what it is built on has another checksum",
		    rewrite->child->generation);
	return FALSE;
}

static gboolean replace(Rewrite *rewrite, GError **error)
{
	return vks_store_replace(rewrite->saves_dir, rewrite->temporary, rewrite->child, FALSE,
				 error);
}

static gboolean rewrite_child(const char *saves_dir, const VksManifest *base, VksManifest *child,
			      gboolean only, GCancellable *cancellable, GError **error)
{
	Rewrite rewrite = {
		.saves_dir = saves_dir,
		.cancellable = cancellable,
		.base = base,
		.child = child,
		.size = child->delta.whole.size,
	};
	gboolean may_fold = only && !base->delta.parent;
	gboolean ok;

	rewrite.base_dir = vks_store_layer_path(saves_dir, base->generation);
	rewrite.child_dir = vks_store_layer_path(saves_dir, child->generation);
	ok = begin(&rewrite, error) &&
	     (may_fold ? fold(&rewrite, error) : absorb(&rewrite, error)) &&
	     check(&rewrite, error) && replace(&rewrite, error);
	if (!ok && rewrite.temporary)
		vks_tree_remove(rewrite.temporary, NULL);
	g_free(rewrite.temporary);
	g_free(rewrite.base_dir);
	g_free(rewrite.child_dir);
	return ok;
}

/*
 * Unlocks a base and what is built on it.
 * @return whether all is of one kind, encrypted or not, and open: else it has to wait
 */
static gboolean unlock_all(VksManifest *base, const GPtrArray *children, VksSealing *sealing)
{
	gboolean open = !sealing || vks_manifest_unlock(base, sealing, NULL);

	open = open && !vks_manifest_is_locked(base);
	for (guint i = 0; open && i < children->len; i++) {
		VksManifest *child = children->pdata[i];

		open = !child->seal.id == !base->seal.id &&
		       (!sealing || vks_manifest_unlock(child, sealing, NULL)) &&
		       !vks_manifest_is_locked(child);
	}
	return open;
}

/* Frees all that is built on a base of it, and removes it. */
static gboolean dissolve(const char *saves_dir, guint number, VksSealing *sealing,
			 GCancellable *cancellable, guint *rewritten, GError **error)
{
	g_autoptr(VksManifest) base = vks_store_load_layer(saves_dir, number, error);
	gboolean unknown;
	g_autoptr(GPtrArray) children = children_of(saves_dir, number, &unknown);

	if (!base)
		return FALSE;
	if (!unlock_all(base, children, sealing))
		return TRUE;
	for (guint i = 0; i < children->len; i++) {
		gboolean only = i + 1 == children->len && !unknown;

		if (!rewrite_child(saves_dir, base, children->pdata[i], only, cancellable, error))
			return FALSE;
		(*rewritten)++;
	}
	/* Something that can't be read might be built on it, and be repaired one day. */
	return unknown || vks_store_remove_base(saves_dir, number, error);
}

gboolean vks_consolidate(const char *saves_dir, VksSealing *sealing, GCancellable *cancellable,
			 guint *rewritten, GError **error)
{
	g_autoptr(GArray) bases = NULL;
	g_autoptr(GError) first = NULL;

	*rewritten = 0;
	if (!vks_bases_collect(saves_dir, error))
		return FALSE;
	bases = vks_store_bases(saves_dir, error);
	if (!bases)
		return FALSE;
	/* A base that can't be dissolved does not keep the others from it. */
	for (guint i = 0; i < bases->len; i++) {
		guint number = g_array_index(bases, guint, i);
		GError *cause = NULL;

		if (g_cancellable_set_error_if_cancelled(cancellable, error))
			return FALSE;
		if (!dissolve(saves_dir, number, sealing, cancellable, rewritten, &cause) && !first)
			first = g_steal_pointer(&cause);
		g_clear_error(&cause);
	}
	if (!first)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&first));
	return FALSE;
}
