/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is sealed comes back, and nothing else does: not with a bit changed anywhere, not cut, not
 * in another order, place, save or session.
 */
#include "sandbox.h"

#include <string.h>

#include "vksession/keys.h"
#include "vksession/seals.h"

#define CONTEXT	     "0123456789abcdef0123456789abcdef/state"
#define CHUNK_PLAIN  65536u
#define CHUNK_SEALED (CHUNK_PLAIN + 17u)
#define HEADER	     32u

static const VksKeyCost cheap = { 1, 8192 };

static VksSealing *new_sealing(void)
{
	VksSealing *sealing = vks_sealing_generate(NULL);

	assert_non_null(sealing);
	return sealing;
}

static guint8 *noise(gsize length)
{
	guint8 *bytes = g_malloc(length + 1);

	for (gsize i = 0; i < length; i++)
		bytes[i] = (guint8)(i * 2654435761u >> 13);
	return bytes;
}

static GByteArray *seal(const VksSealing *sealing, const guint8 *data, gsize length)
{
	GByteArray *sealed = vks_sealing_close_bytes(sealing, CONTEXT, data, length, NULL);

	assert_non_null(sealed);
	return sealed;
}

static void assert_opens(const VksSealing *sealing, const GByteArray *sealed, const guint8 *data,
			 gsize length)
{
	g_autoptr(GByteArray)
		plain = vks_sealing_open_bytes(sealing, CONTEXT, sealed->data, sealed->len, NULL);

	assert_non_null(plain);
	assert_int_equal(plain->len, length);
	assert_int_equal(memcmp(plain->data ? plain->data : (const guint8 *)"", data, length), 0);
}

static void assert_refused(const VksSealing *sealing, const char *context, const guint8 *sealed,
			   gsize length)
{
	g_autoptr(GError) error = NULL;

	assert_null(vks_sealing_open_bytes(sealing, context, sealed, length, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
}

static void test_stream_lengths(void **state)
{
	static const gsize lengths[] = {
		0, 1, CHUNK_PLAIN - 1, CHUNK_PLAIN, CHUNK_PLAIN + 1, 2 * CHUNK_PLAIN, 200000
	};
	g_autoptr(VksSealing) sealing = new_sealing();

	for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autofree guint8 *data = noise(lengths[i]);
		g_autoptr(GByteArray) sealed = seal(sealing, data, lengths[i]);
		g_autoptr(GByteArray) again = seal(sealing, data, lengths[i]);

		assert_opens(sealing, sealed, data, lengths[i]);
		/* The same again looks different. */
		assert_int_not_equal(memcmp(sealed->data, again->data, sealed->len), 0);
	}
}

static void test_stream_every_bit(void **state)
{
	g_autoptr(VksSealing) sealing = new_sealing();
	g_autofree guint8 *data = noise(300);
	g_autoptr(GByteArray) sealed = seal(sealing, data, 300);

	for (guint bit = 0; bit < sealed->len * 8; bit++) {
		sealed->data[bit / 8] ^= (guint8)(1u << bit % 8);
		assert_refused(sealing, CONTEXT, sealed->data, sealed->len);
		sealed->data[bit / 8] ^= (guint8)(1u << bit % 8);
	}
	assert_opens(sealing, sealed, data, 300);
}

static void test_stream_cut(void **state)
{
	g_autoptr(VksSealing) sealing = new_sealing();
	gsize length = 2 * CHUNK_PLAIN + 100;
	g_autofree guint8 *data = noise(length);
	g_autoptr(GByteArray) sealed = seal(sealing, data, length);
	const gsize cuts[] = { 0,
			       1,
			       HEADER - 1,
			       HEADER,
			       HEADER + 1,
			       HEADER + CHUNK_SEALED - 1,
			       HEADER + CHUNK_SEALED,
			       HEADER + CHUNK_SEALED + 1,
			       HEADER + 2 * CHUNK_SEALED,
			       sealed->len - 1 };

	for (gsize i = 0; i < G_N_ELEMENTS(cuts); i++)
		assert_refused(sealing, CONTEXT, sealed->data, cuts[i]);
	g_byte_array_append(sealed, (const guint8 *)"", 1);
	assert_refused(sealing, CONTEXT, sealed->data, sealed->len);
}

static void swap_chunks(guint8 *a, guint8 *b)
{
	g_autofree guint8 *other = g_memdup2(a, CHUNK_SEALED);

	memcpy(a, b, CHUNK_SEALED);
	memcpy(b, other, CHUNK_SEALED);
}

static void test_stream_order(void **state)
{
	g_autoptr(VksSealing) sealing = new_sealing();
	gsize length = 3 * CHUNK_PLAIN;
	g_autofree guint8 *data = noise(length);
	g_autoptr(GByteArray) sealed = seal(sealing, data, length);
	g_autoptr(GByteArray) other = seal(sealing, data, length);
	guint8 *first = sealed->data + HEADER;

	swap_chunks(first, first + CHUNK_SEALED);
	assert_refused(sealing, CONTEXT, sealed->data, sealed->len);
	swap_chunks(first, first + CHUNK_SEALED);
	/* Once more instead of another; and that of another stream of the same content. */
	memcpy(first + CHUNK_SEALED, first, CHUNK_SEALED);
	assert_refused(sealing, CONTEXT, sealed->data, sealed->len);
	memcpy(first, other->data + HEADER, CHUNK_SEALED);
	assert_refused(sealing, CONTEXT, sealed->data, sealed->len);
	assert_opens(sealing, other, data, length);
}

static void test_stream_place(void **state)
{
	g_autoptr(VksSealing) sealing = new_sealing();
	g_autoptr(VksSealing) foreign = new_sealing();
	g_autofree guint8 *data = noise(99);
	g_autoptr(GByteArray) sealed = seal(sealing, data, 99);

	assert_refused(sealing, "0123456789abcdef0123456789abcdef/layout.json", sealed->data,
		       sealed->len);
	assert_refused(sealing, "1123456789abcdef0123456789abcdef/state", sealed->data,
		       sealed->len);
	assert_refused(foreign, CONTEXT, sealed->data, sealed->len);
}

static void test_page(void **state)
{
	g_autoptr(VksSealing) sealing = new_sealing();
	g_autoptr(VksSealing) foreign = new_sealing();
	g_autofree guint8 *plain = noise(VKS_SEALED_PAGE);
	guint8 sealed[VKS_SEALED_PAGE], opened[VKS_SEALED_PAGE];
	VksPageSeal seal = { .page = 77 }, wrong;

	vks_sealing_salt(seal.salt);
	vks_sealing_close_page(sealing, &seal, plain, sealed);
	assert_int_not_equal(memcmp(plain, sealed, sizeof(sealed)), 0);
	assert_true(vks_sealing_open_page(sealing, &seal, sealed, opened));
	assert_int_equal(memcmp(plain, opened, sizeof(opened)), 0);
	assert_false(vks_sealing_open_page(foreign, &seal, sealed, opened));
	wrong = seal;
	wrong.page = 78;
	assert_false(vks_sealing_open_page(sealing, &wrong, sealed, opened));
	for (guint bit = 0; bit < 128; bit++) {
		wrong = seal;
		wrong.salt[bit / 8] ^= (guint8)(1u << bit % 8);
		assert_false(vks_sealing_open_page(sealing, &wrong, sealed, opened));
		wrong = seal;
		wrong.tag[bit / 8] ^= (guint8)(1u << bit % 8);
		assert_false(vks_sealing_open_page(sealing, &wrong, sealed, opened));
	}
	for (guint bit = 0; bit < 8 * VKS_SEALED_PAGE; bit++) {
		sealed[bit / 8] ^= (guint8)(1u << bit % 8);
		assert_false(vks_sealing_open_page(sealing, &seal, sealed, opened));
		sealed[bit / 8] ^= (guint8)(1u << bit % 8);
	}
}

static void test_digests(void **state)
{
	g_autoptr(VksSealing) sealing = new_sealing();
	g_autoptr(VksSealing) foreign = new_sealing();
	char plain[] = "0123456789abcdef0123456789abcdef", same[sizeof(plain)],
	     other[sizeof(plain)];
	char mac[VKS_MAC_HEX + 1];
	guint8 digest[32];

	memcpy(same, plain, sizeof(plain));
	memcpy(other, plain, sizeof(plain));
	vks_sealing_hide_checksum(sealing, plain);
	vks_sealing_hide_checksum(sealing, same);
	vks_sealing_hide_checksum(foreign, other);
	assert_string_equal(plain, same);
	assert_string_not_equal(plain, other);
	assert_string_not_equal(plain, "0123456789abcdef0123456789abcdef");

	vks_sealing_digest("text", 4, digest);
	vks_sealing_mac(sealing, digest, mac);
	assert_true(vks_sealing_check_mac(sealing, digest, mac));
	assert_false(vks_sealing_check_mac(foreign, digest, mac));
	digest[31] ^= 1;
	assert_false(vks_sealing_check_mac(sealing, digest, mac));
}

static VksPageSeal seal_of(guint64 page, guint8 tag)
{
	VksPageSeal seal = { .page = page };

	memset(seal.tag, tag, sizeof(seal.tag));
	return seal;
}

static VksSeals *make_seals(const guint64 *pages, gsize count, guint8 tag)
{
	VksSeals *seals = vks_seals_new();

	for (gsize i = 0; i < count; i++) {
		VksPageSeal seal = seal_of(pages[i], tag);

		vks_seals_add(seals, &seal);
	}
	return seals;
}

static void test_seals(void **state)
{
	static const guint64 upper_pages[] = { 2, 3, 9 }, lower_pages[] = { 0, 2, 5, 10 };
	static const guint64 merged_pages[] = { 0, 2, 3, 9, 10 };
	g_autoptr(VksSeals) upper = make_seals(upper_pages, 3, 1);
	g_autoptr(VksSeals) lower = make_seals(lower_pages, 4, 2);
	const guint8 hidden[] = { 1 << 2 | 1 << 3 | 1 << 5, 1 << 1 };
	g_autoptr(VksSeals) merged = vks_seals_merge(upper, lower, hidden);
	g_autoptr(GByteArray) part = vks_seals_print(merged);
	g_autoptr(VksSeals) again = vks_seals_parse(part->data, part->len, 11, NULL);

	assert_int_equal(vks_seals_count(again), G_N_ELEMENTS(merged_pages));
	for (guint i = 0; i < G_N_ELEMENTS(merged_pages); i++) {
		const VksPageSeal *seal = vks_seals_next(again, i ? merged_pages[i - 1] + 1 : 0);

		assert_int_equal(seal->page, merged_pages[i]);
		assert_int_equal(seal->tag[0], seal->page % 10 == 0 ? 2 : 1);
	}
	assert_null(vks_seals_next(again, 11));
	/* Not within the memory; not whole; not ascending. */
	assert_null(vks_seals_parse(part->data, part->len, 10, NULL));
	assert_null(vks_seals_parse(part->data, part->len - 1, 11, NULL));
	part->data[0] = 2;
	assert_null(vks_seals_parse(part->data, part->len, 11, NULL));
}

static VksSecret *secret_of(const char *text)
{
	VksSecret *secret = vks_secret_new(strlen(text), NULL);

	assert_non_null(secret);
	memcpy(vks_secret_bytes(secret), text, strlen(text));
	vks_secret_set_length(secret, strlen(text));
	return secret;
}

static gboolean opens(const VksKeyFile *file, const char *passphrase, const VksSealing *expected)
{
	g_autoptr(VksSecret) secret = secret_of(passphrase);
	g_autoptr(GError) error = NULL;
	g_autoptr(VksSealing) sealing = vks_key_file_open(file, secret, &error);

	if (!sealing) {
		assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED));
		return FALSE;
	}
	assert_int_equal(memcmp(vks_sealing_key(sealing), vks_sealing_key(expected), VKS_KEY_BYTES),
			 0);
	return TRUE;
}

static void test_key_file(void **state)
{
	g_autoptr(VksSealing) sealing = new_sealing();
	g_autoptr(VksSecret) secret = secret_of("correct horse");
	g_autoptr(VksKeyFile) file =
		vks_key_file_new(sealing, VKS_ENCRYPTION_PASSPHRASE, "", secret, &cheap, NULL);
	g_autofree char *text = vks_key_file_print(file);
	g_autoptr(VksKeyFile) again = vks_key_file_parse(text, strlen(text), NULL);

	assert_int_equal(vks_key_file_method(again), VKS_ENCRYPTION_PASSPHRASE);
	assert_true(opens(again, "correct horse", sealing));
	assert_false(opens(again, "correct horsf", sealing));
	assert_false(opens(again, "correct hors", sealing));
	assert_false(opens(again, "", sealing));
}

/* Damage is told from a wrong passphrase. */
static void test_key_file_damaged(void **state)
{
	g_autoptr(VksSealing) sealing = new_sealing();
	g_autoptr(VksSecret) secret = vks_secret_generate(NULL);
	g_autoptr(VksKeyFile) file =
		vks_key_file_new(sealing, VKS_ENCRYPTION_KEYRING, "an-item", secret, NULL, NULL);
	g_autofree char *text = vks_key_file_print(file);
	gsize length = strlen(text);

	for (gsize i = 0; i < length; i++) {
		char before = text[i];
		g_autoptr(VksKeyFile) changed = NULL;

		/* "1" and "01" are the same number. */
		if (g_ascii_isspace(before))
			continue;
		text[i] = before == '0' ? '1' : '0';
		changed = vks_key_file_parse(text, length, NULL);
		if (changed)
			fail_msg("a changed byte %" G_GSIZE_FORMAT " was accepted", i);
		text[i] = before;
	}
}

static void test_key_file_asks_too_much(void **state)
{
	g_autoptr(VksSealing) sealing = new_sealing();
	g_autoptr(VksSecret) secret = secret_of("x");
	g_autoptr(VksKeyFile) file =
		vks_key_file_new(sealing, VKS_ENCRYPTION_PASSPHRASE, "", secret, &cheap, NULL);
	g_autofree char *text = vks_key_file_print(file);
	g_auto(GStrv) halves = g_strsplit(text, ": 8192", 2);
	g_autofree char *greedy = g_strjoin(": 99999999999999", halves[0], halves[1], NULL);
	g_autoptr(GError) error = NULL;

	assert_null(vks_key_file_parse(greedy, strlen(greedy), &error));
	assert_non_null(strstr(error->message, "argon2id_memory_bytes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_lengths),
		cmocka_unit_test(test_stream_every_bit),
		cmocka_unit_test(test_stream_cut),
		cmocka_unit_test(test_stream_order),
		cmocka_unit_test(test_stream_place),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_seals),
		cmocka_unit_test(test_key_file),
		cmocka_unit_test(test_key_file_damaged),
		cmocka_unit_test(test_key_file_asks_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
