/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is read of an encrypted session before it can be known whether it is authentic: the
 * container of a part, the list of pages, and key.json. One byte tells which.
 */
#include "target.h"

#include <string.h>

#include "vksession/keys.h"
#include "vksession/seals.h"

#define CONTEXT "0123456789abcdef0123456789abcdef/state"
#define PAGES	4096u

static VksSealing *sealing(void)
{
	static const guint8 key[VKS_KEY_BYTES] = "a key that is the same each time";

	return vks_sealing_new(key, NULL);
}

/* What can be opened was sealed: nothing that a mutation made of it. */
static gboolean run_stream(const guint8 *data, gsize length)
{
	g_autoptr(VksSealing) keys = sealing();
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) plain = vks_sealing_open_bytes(keys, CONTEXT, data, length, &error);

	fuzz_assert((plain == NULL) == (error != NULL));
	return plain != NULL;
}

static gboolean run_seals(const guint8 *data, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VksSeals) seals = vks_seals_parse(data, length, PAGES, &error);
	g_autoptr(GByteArray) again = NULL;
	guint64 page = 0;

	fuzz_assert((seals == NULL) == (error != NULL));
	if (!seals)
		return FALSE;
	for (const VksPageSeal *seal; (seal = vks_seals_next(seals, page)); page = seal->page + 1)
		fuzz_assert(seal->page >= page && seal->page < PAGES);
	again = vks_seals_print(seals);
	fuzz_assert(again->len == length);
	fuzz_assert(length == 0 || memcmp(again->data, data, length) == 0);
	return TRUE;
}

static gboolean run_key_file(const guint8 *data, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VksKeyFile) file = vks_key_file_parse((const char *)data, length, &error);
	g_autofree char *text = NULL;
	g_autoptr(VksKeyFile) again = NULL;

	fuzz_assert((file == NULL) == (error != NULL));
	if (!file)
		return FALSE;
	text = vks_key_file_print(file);
	again = vks_key_file_parse(text, strlen(text), NULL);
	fuzz_assert(again && vks_key_file_method(again) == vks_key_file_method(file));
	return TRUE;
}

static gboolean (*const kinds[])(const guint8 *data, gsize length) = {
	run_stream,
	run_seals,
	run_key_file,
};

static gboolean run(const guint8 *data, gsize length)
{
	return length > 0 && kinds[data[0] % G_N_ELEMENTS(kinds)](data + 1, length - 1);
}

static void add(GPtrArray *list, guint8 kind, const void *data, gsize length)
{
	GByteArray *seed = g_byte_array_new();

	g_byte_array_append(seed, &kind, 1);
	g_byte_array_append(seed, data, (guint)length);
	g_ptr_array_add(list, seed);
}

static void add_streams(GPtrArray *list)
{
	g_autoptr(VksSealing) keys = sealing();
	g_autoptr(GByteArray) empty = vks_sealing_close_bytes(keys, CONTEXT, "", 0, NULL);
	g_autoptr(GByteArray) some = vks_sealing_close_bytes(keys, CONTEXT, "some text", 9, NULL);

	add(list, 0, empty->data, empty->len);
	add(list, 0, some->data, some->len);
}

static void add_seals(GPtrArray *list)
{
	g_autoptr(VksSeals) seals = vks_seals_new();
	g_autoptr(GByteArray) part = NULL;

	for (guint64 page = 3; page < PAGES; page += 700) {
		VksPageSeal seal = { .page = page };

		vks_seals_add(seals, &seal);
	}
	part = vks_seals_print(seals);
	add(list, 1, part->data, part->len);
}

static void add_key_file(GPtrArray *list)
{
	g_autoptr(VksSealing) keys = sealing();
	g_autoptr(VksSecret) secret = vks_secret_generate(NULL);
	g_autoptr(VksKeyFile)
		file = vks_key_file_new(keys, VKS_ENCRYPTION_KEYRING, "item", secret, NULL, NULL);
	g_autofree char *text = vks_key_file_print(file);

	add(list, 2, text, strlen(text));
}

static GPtrArray *seeds(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);

	add_streams(list);
	add_seals(list);
	add_key_file(list);
	return list;
}

const FuzzTarget fuzz_sealed = {
	.name = "sealed",
	.plural = "sealed things",
	.run = run,
	.seeds = seeds,
};
