/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/seals.h"

#include <string.h>

#define RECORD_BYTES (8u + VKS_PAGE_SALT + VKS_PAGE_TAG)

struct VksSeals {
	GArray *list; /* of VksPageSeal */
};

VksSeals *vks_seals_new(void)
{
	VksSeals *seals = g_new0(VksSeals, 1);

	seals->list = g_array_new(FALSE, FALSE, sizeof(VksPageSeal));
	return seals;
}

void vks_seals_free(VksSeals *seals)
{
	if (!seals)
		return;
	g_array_unref(seals->list);
	g_free(seals);
}

static const VksPageSeal *seal_at(const VksSeals *seals, guint i)
{
	return &g_array_index(seals->list, VksPageSeal, i);
}

void vks_seals_add(VksSeals *seals, const VksPageSeal *seal)
{
	g_array_append_vals(seals->list, seal, 1);
}

guint vks_seals_count(const VksSeals *seals)
{
	return seals->list->len;
}

const VksPageSeal *vks_seals_next(const VksSeals *seals, guint64 page)
{
	guint low = 0, high = seals->list->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (seal_at(seals, middle)->page < page)
			low = middle + 1;
		else
			high = middle;
	}
	return low < seals->list->len ? seal_at(seals, low) : NULL;
}

static gboolean is_hidden(const guint8 *hidden, guint64 page)
{
	return hidden[page / 8] >> (page % 8) & 1;
}

VksSeals *vks_seals_merge(const VksSeals *upper, const VksSeals *lower, const guint8 *hidden)
{
	VksSeals *merged = vks_seals_new();
	guint i = 0;

	for (guint j = 0; j < lower->list->len; j++) {
		const VksPageSeal *seal = seal_at(lower, j);

		if (is_hidden(hidden, seal->page))
			continue;
		while (i < upper->list->len && seal_at(upper, i)->page < seal->page)
			vks_seals_add(merged, seal_at(upper, i++));
		vks_seals_add(merged, seal);
	}
	while (i < upper->list->len)
		vks_seals_add(merged, seal_at(upper, i++));
	return merged;
}

GByteArray *vks_seals_print(const VksSeals *seals)
{
	GByteArray *bytes = g_byte_array_sized_new(seals->list->len * RECORD_BYTES);

	for (guint i = 0; i < seals->list->len; i++) {
		const VksPageSeal *seal = seal_at(seals, i);
		guint64 page = GUINT64_TO_LE(seal->page);

		g_byte_array_append(bytes, (const guint8 *)&page, sizeof(page));
		g_byte_array_append(bytes, seal->salt, VKS_PAGE_SALT);
		g_byte_array_append(bytes, seal->tag, VKS_PAGE_TAG);
	}
	return bytes;
}

static void parse_record(const guint8 *at, VksPageSeal *seal)
{
	memcpy(&seal->page, at, sizeof(seal->page));
	seal->page = GUINT64_FROM_LE(seal->page);
	memcpy(seal->salt, at + 8, VKS_PAGE_SALT);
	memcpy(seal->tag, at + 8 + VKS_PAGE_SALT, VKS_PAGE_TAG);
}

VksSeals *vks_seals_parse(const guint8 *data, gsize length, guint64 pages, GError **error)
{
	g_autoptr(VksSeals) seals = vks_seals_new();
	gboolean good = length % RECORD_BYTES == 0;
	guint64 next = 0;

	for (gsize at = 0; good && at < length; at += RECORD_BYTES) {
		VksPageSeal seal;

		parse_record(data + at, &seal);
		good = seal.page >= next && seal.page < pages;
		next = seal.page + 1;
		vks_seals_add(seals, &seal);
	}
	if (good)
		return g_steal_pointer(&seals);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		    "the list of encrypted pages makes no sense");
	return NULL;
}
