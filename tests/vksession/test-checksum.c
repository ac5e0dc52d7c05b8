/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "launcher/autofd.h"
#include "vksession/checksum.h"

#define CHUNK (4u << 20)
#define BLOCK 4096u

/* The definition in vksession-save(5), as plainly as it can be put. */
static void reference_checksum(const guint8 *data, gsize size, char hex[VKS_CHECKSUM_HEX + 1])
{
	g_autoptr(GByteArray) folded = g_byte_array_new();
	guint64 size_le = GUINT64_TO_LE(size);

	for (gsize chunk = 0; chunk * CHUNK < size; chunk++) {
		g_autoptr(GByteArray) content = g_byte_array_new();
		guint8 bitmap[CHUNK / BLOCK / 8] = { 0 };
		guint64 number = GUINT64_TO_LE(chunk);
		XXH128_canonical_t canonical;

		for (gsize i = 0; i < CHUNK / BLOCK; i++) {
			gsize at = chunk * CHUNK + i * BLOCK;
			guint8 block[BLOCK] = { 0 };
			static const guint8 zero[BLOCK];

			if (at >= size)
				break;
			memcpy(block, data + at, MIN(BLOCK, size - at));
			if (memcmp(block, zero, BLOCK) == 0)
				continue;
			g_byte_array_append(content, block, BLOCK);
			bitmap[i / 8] |= (guint8)(1u << (i % 8));
		}
		if (content->len == 0)
			continue;
		g_byte_array_append(content, bitmap, sizeof(bitmap));
		XXH128_canonicalFromHash(&canonical, XXH3_128bits(content->data, content->len));
		g_byte_array_append(folded, (guint8 *)&number, sizeof(number));
		g_byte_array_append(folded, canonical.digest, sizeof(canonical.digest));
	}
	g_byte_array_append(folded, (guint8 *)&size_le, sizeof(size_le));
	vks_checksum_buffer(folded->data, folded->len, hex);
}

static void write_at(const char *path, guint64 offset, const void *data, gsize length)
{
	autofd fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, length, (off_t)offset), length);
}

static void set_size(const char *path, guint64 size)
{
	autofd fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

static VksChecksum checksum_of(const char *path)
{
	VksChecksum sum;

	assert_true(vks_checksum_path(path, &sum, NULL, NULL, NULL, NULL));
	return sum;
}

static void test_matches_definition(void **state)
{
	static const gsize sizes[] = { 0,	  1,	     4095,	4096,	   4097,
				       CHUNK - 1, CHUNK,     CHUNK + 1, 3 * CHUNK, 1234567,
				       9000000,	  256 << 10, 300 * 1000 };
	g_autofree char *path = sandbox_path(state, "file");

	for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree guint8 *data = g_malloc0(sizes[i] + 1);
		char hex[VKS_CHECKSUM_HEX + 1];
		VksChecksum sum;

		/* Every third block has something in it, every seventh is full. */
		for (gsize at = 0; at < sizes[i]; at++) {
			gsize block = at / BLOCK;

			if (block % 7 == 3 || (block % 3 == 1 && at % 1000 == 999))
				data[at] = (guint8)(at * 31 + block);
		}
		unlink(path);
		set_size(path, sizes[i]);
		if (sizes[i])
			write_at(path, 0, data, sizes[i]);
		sum = checksum_of(path);
		reference_checksum(data, sizes[i], hex);
		assert_string_equal(sum.hex, hex);
		assert_int_equal(sum.size, sizes[i]);
	}
}

static void test_holes_are_zeros(void **state)
{
	g_autofree char *sparse = sandbox_path(state, "sparse");
	g_autofree char *full = sandbox_path(state, "full");
	g_autofree guint8 *zeros = g_malloc0(16 << 20);
	VksChecksum of_sparse, of_full;

	set_size(sparse, 16 << 20);
	write_at(full, 0, zeros, 16 << 20);
	for (guint64 at = 100; at < (16 << 20); at += 5000000) {
		write_at(sparse, at, "some data", 9);
		write_at(full, at, "some data", 9);
	}
	of_sparse = checksum_of(sparse);
	of_full = checksum_of(full);
	assert_string_equal(of_sparse.hex, of_full.hex);
	assert_int_equal(of_sparse.data_bytes, 4 * BLOCK);
	assert_int_equal(of_full.data_bytes, 4 * BLOCK);
}

static void test_size_and_place_count(void **state)
{
	g_autofree char *path = sandbox_path(state, "file");
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	static const guint64 places[] = { 0, 1, 4095, 4096, CHUNK - 9, CHUNK, 2 * CHUNK };

	for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
		unlink(path);
		set_size(path, 3 * CHUNK);
		write_at(path, places[i], "x", 1);
		assert_true(g_hash_table_add(seen, g_strdup(checksum_of(path).hex)));
		set_size(path, 3 * CHUNK + 1);
		assert_true(g_hash_table_add(seen, g_strdup(checksum_of(path).hex)));
	}
}

static void test_every_bit_counts(void **state)
{
	g_autofree char *path = sandbox_path(state, "file");
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	char before[VKS_CHECKSUM_HEX + 1];

	set_size(path, 2 * CHUNK + 777);
	write_at(path, 12345, "hello", 5);
	write_at(path, 2 * CHUNK + 700, "hello", 5);
	memcpy(before, checksum_of(path).hex, sizeof(before));
	for (int i = 0; i < 200; i++) {
		guint64 bit = (guint64)g_rand_int_range(random, 0, 8 * (2 * CHUNK + 777));

		sandbox_flip_bit(path, bit);
		assert_string_not_equal(checksum_of(path).hex, before);
		sandbox_flip_bit(path, bit);
	}
	assert_string_equal(checksum_of(path).hex, before);
}

static void test_large_hole_costs_nothing(void **state)
{
	g_autofree char *path = sandbox_path(state, "file");
	gint64 started = g_get_monotonic_time();

	set_size(path, G_GUINT64_CONSTANT(64) << 30);
	write_at(path, G_GUINT64_CONSTANT(63) << 30, "end", 3);
	assert_int_equal(checksum_of(path).data_bytes, BLOCK);
	assert_true(g_get_monotonic_time() - started < 5 * G_USEC_PER_SEC);
}

static void test_refusals(void **state)
{
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autofree char *path = sandbox_path(state, "file");
	g_autofree char *link = sandbox_path(state, "link");
	g_autoptr(GError) error = NULL;
	VksChecksum sum;

	assert_false(vks_checksum_path(path, &sum, NULL, NULL, NULL, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
	g_clear_error(&error);
	set_size(path, CHUNK);
	assert_int_equal(symlink("file", link), 0);
	assert_false(vks_checksum_path(link, &sum, NULL, NULL, NULL, NULL));
	assert_false(vks_checksum_path(*state, &sum, NULL, NULL, NULL, NULL));
	g_cancellable_cancel(cancellable);
	assert_false(vks_checksum_path(path, &sum, NULL, NULL, cancellable, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_matches_definition, sandbox_setup,
						sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_holes_are_zeros, sandbox_setup,
						sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_size_and_place_count, sandbox_setup,
						sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_every_bit_counts, sandbox_setup,
						sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_large_hole_costs_nothing, sandbox_setup,
						sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_refusals, sandbox_setup, sandbox_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
