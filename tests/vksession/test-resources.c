/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <string.h>

#include "vksession/resources.h"

#include <gio/gio.h>

/* Offsets in the format of the vkernel's state (ckpt-format.h), written out on purpose. */
#define HEADER_SIZE  40u
#define SECTION_SIZE 24u
#define FILE_SIZE    88u

static void put32(GByteArray *bytes, guint offset, guint32 value)
{
	memcpy(bytes->data + offset, &value, sizeof(value));
}

static void put64(GByteArray *bytes, guint offset, guint64 value)
{
	memcpy(bytes->data + offset, &value, sizeof(value));
}

static void add_file(GByteArray *bytes, guint32 kind, const char *path, guint64 size)
{
	guint at = bytes->len;
	guint length = path ? (guint)strlen(path) + 1 : 0;
	guint padded = FILE_SIZE + (length + 7) / 8 * 8;

	g_byte_array_set_size(bytes, at + padded);
	memset(bytes->data + at, 0, padded);
	put32(bytes, at, padded);
	put32(bytes, at + 8, kind);
	put64(bytes, at + 32, 1234);
	put64(bytes, at + 48, size);
	put64(bytes, at + 56, 1700000000);
	put32(bytes, at + 64, 5);
	put32(bytes, at + 68, length);
	if (path)
		memcpy(bytes->data + at + FILE_SIZE, path, length);
}

static GByteArray *make_state(void)
{
	GByteArray *bytes = g_byte_array_new();
	guint start = HEADER_SIZE + 2 * SECTION_SIZE;

	g_byte_array_set_size(bytes, start);
	memset(bytes->data, 0, start);
	memcpy(bytes->data, "UMLCKPT", 8);
	put32(bytes, 8, 1);
	put32(bytes, 12, HEADER_SIZE);
	put32(bytes, 28, 2);
	put32(bytes, 32, SECTION_SIZE);
	put32(bytes, HEADER_SIZE, 99);
	put32(bytes, HEADER_SIZE + SECTION_SIZE, 4);
	add_file(bytes, 1, "/usr/bin/xterm", 700);
	add_file(bytes, 7, NULL, 0);
	add_file(bytes, 2, "/home/u", 4096);
	put64(bytes, HEADER_SIZE + SECTION_SIZE + 8, start);
	put64(bytes, HEADER_SIZE + SECTION_SIZE + 16, bytes->len - start);
	return bytes;
}

static gboolean read_state(void **state, const GByteArray *bytes, VksManifest *manifest)
{
	g_autofree char *path = sandbox_path(state, "state-file");

	/* Without a sync: this is done thousands of times. */
	assert_true(g_file_set_contents_full(path, (const char *)bytes->data, bytes->len,
					     G_FILE_SET_CONTENTS_NONE, 0600, NULL));
	return vks_resources_read(path, manifest, NULL);
}

static void test_files(void **state)
{
	g_autoptr(GByteArray) bytes = make_state();
	g_autoptr(VksManifest) manifest = vks_manifest_new();
	const VksHostResource *first;

	assert_true(read_state(state, bytes, manifest));
	assert_int_equal(manifest->host_resources->len, 2);
	first = manifest->host_resources->pdata[0];
	assert_string_equal(first->kind, "file");
	assert_string_equal(first->path, "/usr/bin/xterm");
	assert_int_equal(first->size, 700);
	assert_int_equal(first->inode, 1234);
	assert_int_equal(first->mtime_ns, G_GINT64_CONSTANT(1700000000000000005));
}

static void test_damaged(void **state)
{
	g_autoptr(GByteArray) bytes = make_state();
	g_autoptr(GRand) random = g_rand_new_with_seed(3);

	for (guint length = 0; length < bytes->len; length++) {
		g_autoptr(GByteArray) cut = g_byte_array_new();
		g_autoptr(VksManifest) manifest = vks_manifest_new();

		g_byte_array_append(cut, bytes->data, length);
		assert_false(read_state(state, cut, manifest));
		assert_int_equal(manifest->host_resources->len, 0);
	}
	for (int i = 0; i < 2000; i++) {
		g_autoptr(GByteArray) damaged = g_byte_array_new();
		g_autoptr(VksManifest) manifest = vks_manifest_new();

		g_byte_array_append(damaged, bytes->data, bytes->len);
		for (int n = 0; n < 4; n++)
			damaged->data[g_rand_int_range(random, 8, (gint32)bytes->len)] =
				(guint8)g_rand_int_range(random, 0, 256);
		read_state(state, damaged, manifest);
	}
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_files),
		IN_SANDBOX(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
