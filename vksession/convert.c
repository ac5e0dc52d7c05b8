/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   order   - Saves are encrypted from the newest to the oldest, and decrypted the other way round:
 *             so it never happens that one that is not encrypted is built on one that is.
 *   convert - Each for itself, beside the old one: its parts, and its own pages of memory, so that
 *             what is built on what stays as it is.
 *   replace - One exchange of names (see store.c); what was there is removed.
 */
#include "vksession/convert.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/encryption.h"
#include "vksession/error.h"
#include "vksession/layers.h"
#include "vksession/parts.h"
#include "vksession/store.h"

/** One save or base that is converted. */
typedef struct {
	const char *saves_dir;
	VksSealing *sealing;
	gboolean encrypt;
	GCancellable *cancellable;
	VksManifest *from, *to; /* the same save's */
	char *dir;
	char *temporary; /* NULL before begin and after replace */
} Convert;

static gboolean load(Convert *convert, guint number, GError **error)
{
	convert->from = vks_store_load_layer(convert->saves_dir, number, error);
	if (convert->from)
		convert->to = vks_store_load_layer(convert->saves_dir, number, error);
	return convert->to && vks_manifest_unlock(convert->from, convert->sealing, error) &&
	       vks_manifest_unlock(convert->to, convert->sealing, error);
}

/* Damage must not become part of what is authentic. */
static gboolean check_part(const Convert *convert, const VksPart *part, GError **error)
{
	g_autofree char *path = g_build_filename(convert->dir, part->name, NULL);
	VksChecksum sum;

	return vks_checksum_path(path, &sum, NULL, NULL, convert->cancellable, error) &&
	       vks_checksum_compare(part->name, &sum, part->size, part->checksum, error);
}

static gboolean note_part(const Convert *convert, const char *name, gboolean required,
			  GError **error)
{
	g_autofree char *path = g_build_filename(convert->temporary, name, NULL);
	VksChecksum sum;

	if (!vks_path_sync(path, error) ||
	    !vks_checksum_path(path, &sum, NULL, NULL, convert->cancellable, error))
		return FALSE;
	vks_manifest_add_part(convert->to, name, required, &sum);
	return TRUE;
}

static gboolean seal_memory(const Convert *convert, int from, int to, guint64 size, GError **error)
{
	g_autoptr(VksSeals) seals = vks_seals_new();
	g_autoptr(GByteArray) part = NULL;

	if (!vks_pages_seal(from, to, size, NULL, convert->sealing, seals, convert->cancellable,
			    error))
		return FALSE;
	part = vks_seals_print(seals);
	return vks_part_put(convert->temporary, convert->to, VKS_PART_SEALS, part->data, part->len,
			    error) &&
	       note_part(convert, VKS_PART_SEALS, TRUE, error);
}

static gboolean open_memory(const Convert *convert, int from, int to, GError **error)
{
	g_autoptr(VksSeals) seals = vks_seals_read(convert->dir, convert->from, error);

	return seals &&
	       vks_pages_open(from, to, convert->sealing, seals, convert->cancellable, error);
}

static gboolean convert_memory(const Convert *convert, const VksPart *part, GError **error)
{
	g_autofree char *source = g_build_filename(convert->dir, part->name, NULL);
	g_autofree char *target = g_build_filename(convert->temporary, part->name, NULL);
	autofd from = open(source, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofd to = open(target, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (from < 0 || to < 0 || fchmod(to, 0600) < 0 || ftruncate(to, (off_t)part->size) < 0) {
		vks_error_errno(error, errno, "cannot copy %s", source);
		return FALSE;
	}
	return (convert->encrypt ? seal_memory(convert, from, to, part->size, error)
				 : open_memory(convert, from, to, error)) &&
	       note_part(convert, part->name, TRUE, error);
}

static gboolean convert_part(const Convert *convert, const VksPart *part, GError **error)
{
	autofd from = -1;

	if (!check_part(convert, part, error))
		return FALSE;
	if (strcmp(part->name, VKS_PART_MEMORY) == 0)
		return convert_memory(convert, part, error);
	from = vks_part_open(convert->dir, convert->from, part->name, error);
	return from >= 0 &&
	       vks_part_put_fd(convert->temporary, convert->to, part->name, from, error) &&
	       note_part(convert, part->name, part->required, error);
}

static gboolean convert_parts(const Convert *convert, GError **error)
{
	g_ptr_array_set_size(convert->to->parts, 0);
	for (guint i = 0; i < convert->from->parts->len; i++) {
		const VksPart *part = convert->from->parts->pdata[i];

		/* It is made with the memory, or not at all. */
		if (strcmp(part->name, VKS_PART_SEALS) != 0 && !convert_part(convert, part, error))
			return FALSE;
	}
	return TRUE;
}

/* What the manifest says of the memory as a whole, and of that which it is built on. */
static void hide_checksums(const Convert *convert)
{
	VksManifest *to = convert->to;

	g_strlcpy(to->seal.memory, vks_manifest_memory_checksum(convert->from),
		  sizeof(to->seal.memory));
	vks_sealing_hide_checksum(convert->sealing, to->seal.memory);
	if (!to->delta.parent)
		return;
	vks_sealing_hide_checksum(convert->sealing, to->delta.parent_checksum);
	vks_sealing_hide_checksum(convert->sealing, to->delta.whole.hex);
}

static gboolean show_checksums(const Convert *convert, GError **error)
{
	VksDelta *delta = &convert->to->delta;
	g_autoptr(VksManifest) parent = NULL;
	g_autoptr(VksLayers) layers = NULL;
	VksChecksum sum;

	if (!delta->parent)
		return TRUE;
	parent = vks_store_load_layer(convert->saves_dir, delta->parent, error);
	layers = parent ? vks_layers_open(convert->saves_dir, convert->from, error) : NULL;
	if (!layers ||
	    !vks_layers_plain_checksum(layers, &sum, NULL, NULL, convert->cancellable, error))
		return FALSE;
	g_strlcpy(delta->whole.hex, sum.hex, sizeof(delta->whole.hex));
	g_strlcpy(delta->parent_checksum, vks_manifest_memory_checksum(parent),
		  sizeof(delta->parent_checksum));
	return TRUE;
}

static gboolean convert_save(Convert *convert, GError **error)
{
	convert->dir = vks_store_layer_path(convert->saves_dir, convert->from->generation);
	convert->temporary = vks_store_begin(convert->saves_dir, error);
	if (!convert->temporary)
		return FALSE;
	if (convert->encrypt) {
		vks_manifest_encrypt(convert->to, convert->sealing);
		hide_checksums(convert);
	} else {
		vks_manifest_decrypt(convert->to);
		if (!show_checksums(convert, error))
			return FALSE;
	}
	return convert_parts(convert, error) &&
	       vks_store_replace(convert->saves_dir, convert->temporary, convert->to,
				 convert->encrypt, error);
}

static gboolean convert_number(Convert *convert, guint number, GError **error)
{
	gboolean ok = load(convert, number, error);

	if (ok && (convert->from->seal.id == NULL) == convert->encrypt)
		ok = convert_save(convert, error);
	if (!ok && convert->temporary)
		vks_tree_remove(convert->temporary, NULL);
	if (!ok)
		g_prefix_error(error, "save %u: ", number);
	g_clear_pointer(&convert->from, vks_manifest_free);
	g_clear_pointer(&convert->to, vks_manifest_free);
	g_clear_pointer(&convert->dir, g_free);
	g_clear_pointer(&convert->temporary, g_free);
	return ok;
}

static int ascending(gconstpointer a, gconstpointer b)
{
	guint left = *(const guint *)a, right = *(const guint *)b;

	return left < right ? -1 : left > right;
}

static GArray *list_all(const char *saves_dir, GError **error)
{
	g_autoptr(GArray) numbers = vks_store_numbers(saves_dir, error);
	g_autoptr(GArray) bases = numbers ? vks_store_bases(saves_dir, error) : NULL;

	if (!bases)
		return NULL;
	g_array_append_vals(numbers, bases->data, bases->len);
	g_array_sort(numbers, ascending);
	return g_steal_pointer(&numbers);
}

gboolean vks_saves_convert(const char *saves_dir, VksSealing *sealing, gboolean encrypt,
			   GCancellable *cancellable, GError **error)
{
	g_autoptr(GArray) numbers = list_all(saves_dir, error);
	Convert convert = {
		.saves_dir = saves_dir,
		.sealing = sealing,
		.encrypt = encrypt,
		.cancellable = cancellable,
	};

	for (guint i = 0; numbers && i < numbers->len; i++) {
		guint at = encrypt ? numbers->len - 1 - i : i;

		if (!convert_number(&convert, g_array_index(numbers, guint, at), error))
			return FALSE;
	}
	return numbers != NULL;
}
