/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image-builder.h"
#include "vksession/image/check.h"
#include "vksession/image/image.h"
#include "vksession/image/source.h"

static void test_crc(void **state)
{
	/* RFC 3720, B.4 */
	guint8 zeros[32] = { 0 }, ones[32], ascending[32];

	memset(ones, 0xff, sizeof(ones));
	for (guint8 i = 0; i < 32; i++)
		ascending[i] = i;
	assert_int_equal(~vks_crc32c(~0u, zeros, 32), 0x8a9136aau);
	assert_int_equal(~vks_crc32c(~0u, ones, 32), 0x62a8ab43u);
	assert_int_equal(~vks_crc32c(~0u, ascending, 32), 0x46dd794eu);
	assert_int_equal(~vks_crc32c(~0u, "123456789", 9), 0xe3069283u);
}

static void check_example(guint32 version)
{
	g_autoptr(GByteArray) bytes = image_example(version);
	g_autoptr(GError) error = NULL;
	g_autoptr(VksImage) image = vks_image_parse(bytes->data, bytes->len, &error);
	g_autofree char *build_id = NULL;
	const VksImageFile *file;

	assert_null(error);
	assert_int_equal(image->version, version);
	assert_int_equal(image->n_sections, 5);
	assert_string_equal(image->command_line, "mem=32M");
	assert_string_equal(image->identity.banner, "Linux version 7.3.4 (a test)");
	assert_int_equal(image->identity.cpus, 1);
	assert_int_equal(image->extents->len, 2);
	assert_int_equal(image->memory_bytes, 3 * BUILDER_PAGE);
	assert_int_equal(vks_image_guest_memory(image), BUILDER_MEMORY);
	build_id = vks_image_build_id(image);
	assert_string_equal(build_id, "0102030405060708090a0b0c0d0e0f1011121314");
	assert_int_equal(image->files->len, 5);
	file = vks_image_file_by_fd(image, 3);
	assert_string_equal(file->path, "/usr/bin/xterm");
	assert_int_equal(file->size, 700);
	assert_int_equal(file->mtime_sec, 1700000000);
	assert_int_equal(file->use, version == 1 ? 0 : VKS_USE_EXECUTABLE | VKS_USE_PRIVATE);
	file = vks_image_file_by_fd(image, 7);
	assert_int_equal(file->kind, VKS_FILE_HANGUP);
	assert_null(file->path);
	assert_null(vks_image_file_by_fd(image, 8));
	assert_string_equal(vks_image_kind_name(VKS_FILE_DELETED), "deleted");
	assert_string_equal(vks_image_kind_name(99), "unknown");
}

static void test_example(void **state)
{
	check_example(1);
	check_example(2);
}

/* A file read through a descriptor says the same as one in memory. */
static void test_from_file(void **state)
{
	g_autoptr(GByteArray) bytes = image_example(2);
	g_autofree char *path = sandbox_path(state, "state-file");
	g_autofree char *link_path = sandbox_path(state, "state-link");
	g_autofree char *directory = sandbox_path(state, "home");
	g_autoptr(VksImage) image = NULL;
	g_autoptr(GError) error = NULL;

	assert_true(g_file_set_contents(path, (const char *)bytes->data, bytes->len, NULL));
	image = vks_image_read(path, &error);
	assert_non_null(image);
	assert_int_equal(image->files->len, 5);
	assert_int_equal(symlink(path, link_path), 0);
	assert_null(vks_image_read(link_path, NULL));
	assert_null(vks_image_read(directory, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
}

/* One field of the example is given a value, its checksum is made right, and it must be refused. */
static void assert_refused(guint offset, guint size, guint64 value, int code, const char *says)
{
	g_autoptr(GByteArray) bytes = image_example(2);
	g_autoptr(GError) error = NULL;

	if (size == 8)
		image_put64(bytes->data + offset, value);
	else
		image_put32(bytes->data + offset, (guint32)value);
	image_seal(bytes->data, bytes->len);
	assert_null(vks_image_parse(bytes->data, bytes->len, &error));
	if (error->code != code || !strstr(error->message, says))
		fail_msg("offset %u: %s", offset, error->message);
}

/* Offset of a section of the example in the file. */
static guint section_at(guint type)
{
	g_autoptr(GByteArray) bytes = image_example(2);

	for (guint i = 0; i < 5; i++) {
		const guint8 *entry = bytes->data + BUILDER_HEADER_SIZE + i * BUILDER_ENTRY_SIZE;

		if (vks_get_le32(entry) == type)
			return (guint)vks_get_le64(entry + 8);
	}
	fail_msg("no section %u", type);
	return 0;
}

static void test_header_fields(void **state)
{
	const guint table = BUILDER_HEADER_SIZE;
	const int invalid = G_IO_ERROR_INVALID_DATA;

	assert_refused(0, 4, 0, invalid, "not a checkpoint");
	assert_refused(8, 4, 3, G_IO_ERROR_NOT_SUPPORTED, "version 3");
	assert_refused(8, 4, 0, G_IO_ERROR_NOT_SUPPORTED, "version 0");
	assert_refused(12, 4, 39, invalid, "bad header");
	assert_refused(12, 4, 0xfffffff8, invalid, "bad header");
	assert_refused(16, 8, 1, invalid, "truncated");
	assert_refused(24, 4, 1, invalid, "flags");
	assert_refused(28, 4, 65, invalid, "bad header");
	assert_refused(28, 4, 4, invalid, "missing");
	assert_refused(32, 4, 16, invalid, "bad header");
	assert_refused(32, 4, 0xfffffff8, invalid, "bad header");
	assert_refused(table, 4, 0, G_IO_ERROR_NOT_SUPPORTED, "type 0");
	assert_refused(table, 4, 9, G_IO_ERROR_NOT_SUPPORTED, "type 9");
	assert_refused(table, 4, 2, invalid, "twice");
	assert_refused(table + 8, 8, 4, invalid, "bad section 0");
	assert_refused(table + 8, 8, G_MAXUINT64 - 7, invalid, "bad section 0");
	assert_refused(table + 16, 8, G_MAXUINT64, invalid, "bad section 0");
	assert_refused(table + 16, 8, 8, invalid, "bad identity");
}

static void test_identity_fields(void **state)
{
	const guint at = section_at(1);
	const int invalid = G_IO_ERROR_INVALID_DATA;

	assert_refused(at + 276, 4, 0, invalid, "page size");
	assert_refused(at + 276, 4, 4097, invalid, "page size");
	assert_refused(at + 280, 8, 1, invalid, "layout");
	assert_refused(at + 288, 8, 1, invalid, "layout");
	assert_refused(at + 296, 8, 0x61000000, invalid, "layout");
	assert_refused(at + 304, 8, 0x60800001, invalid, "layout");
	assert_refused(at + 312, 8, 0x60000000, invalid, "layout");
	assert_refused(at + 312, 8, 1ull << 62, invalid, "layout");
	assert_refused(at + 328, 8, 1ull << 62, invalid, "layout");
	assert_refused(at + 360, 4, 0, invalid, "identity");
	assert_refused(at + 360, 4, 5000, invalid, "identity");
	assert_refused(at + 364, 4, 33, invalid, "identity");
}

static void test_table_fields(void **state)
{
	const guint extents = section_at(3), files = section_at(4);
	const int invalid = G_IO_ERROR_INVALID_DATA;

	assert_refused(section_at(2), 4, 0, invalid, "command line");
	assert_refused(extents, 8, 1, invalid, "extent 0");
	assert_refused(extents, 8, 0, invalid, "extent 0");
	assert_refused(extents, 8, G_MAXUINT64 - 4095, invalid, "extent 0");
	assert_refused(extents + 8, 8, 0, invalid, "extent 0");
	assert_refused(extents + 8, 8, G_MAXUINT64 - 4095, invalid, "extent 0");
	assert_refused(extents + 8, 8, 0x01000000, invalid, "extent 0");
	assert_refused(extents + 16, 8, 0x00701000, invalid, "extent 1");
	assert_refused(files, 4, 0, invalid, "bad file at 0");
	assert_refused(files, 4, 0xfffffff8, invalid, "bad file at 0");
	assert_refused(files + 4, 4, 2, invalid, "bad file at 0");
	assert_refused(files + 4, 4, 1u << 31, invalid, "bad file at 0");
	assert_refused(files + 8, 4, 0, invalid, "bad file at 0");
	assert_refused(files + 8, 4, 10, invalid, "bad file at 0");
	assert_refused(files + 8, 4, 5, invalid, "bad file at 0");
	assert_refused(files + 64, 4, 1000000000, invalid, "bad file at 0");
	assert_refused(files + 68, 4, 0, invalid, "bad file at 0");
	assert_refused(files + 68, 4, 0xffffffff, invalid, "bad file at 0");
	assert_refused(files + 68, 4, 14, invalid, "bad file at 0");
	assert_refused(files + 96, 4, 0, invalid, "bad file at 0");
}

/* The content of a deleted file must be there. */
static void test_deleted_file(void **state)
{
	g_autoptr(GByteArray) bytes = image_example(2);
	g_autoptr(VksImage) image = vks_image_parse(bytes->data, bytes->len, NULL);
	guint at = section_at(4);

	while (vks_get_le32(bytes->data + at + 8) != VKS_FILE_DELETED)
		at += vks_get_le32(bytes->data + at);
	assert_refused(at + 48, 8, 17, G_IO_ERROR_INVALID_DATA, "bad file");
	assert_refused(at + 80, 8, 17, G_IO_ERROR_INVALID_DATA, "bad file");
	assert_refused(at + 80, 8, G_MAXUINT64, G_IO_ERROR_INVALID_DATA, "bad file");
}

/* What a later kernel adds to be skipped is skipped. */
static void test_unknown_optional(void **state)
{
	g_autoptr(GByteArray) bytes = image_example(2);
	g_autoptr(GByteArray) longer = g_byte_array_new();
	g_autoptr(VksImage) image = NULL;
	guint8 entry[BUILDER_ENTRY_SIZE] = { 77 };

	/* One more entry: the header and all sections move by its size. */
	for (guint i = 0; i < 5; i++) {
		guint8 *offset = bytes->data + BUILDER_HEADER_SIZE + i * BUILDER_ENTRY_SIZE + 8;

		image_put64(offset, vks_get_le64(offset) + BUILDER_ENTRY_SIZE);
	}
	image_put32(bytes->data + 28, 6);
	image_put64(bytes->data + 16, bytes->len + BUILDER_ENTRY_SIZE);
	g_byte_array_append(longer, bytes->data, BUILDER_HEADER_SIZE);
	g_byte_array_append(longer, entry, sizeof(entry));
	g_byte_array_append(longer, bytes->data + BUILDER_HEADER_SIZE,
			    bytes->len - BUILDER_HEADER_SIZE);
	image_seal(longer->data, longer->len);
	image = vks_image_parse(longer->data, longer->len, NULL);
	assert_non_null(image);
	assert_int_equal(image->n_sections, 6);
	assert_int_equal(image->sections[0].type, 77);
}

static void test_every_bit_and_length(void **state)
{
	g_autoptr(GByteArray) bytes = image_example(2);

	for (gsize length = 0; length < bytes->len; length++)
		assert_null(vks_image_parse(bytes->data, length, NULL));
	for (gsize bit = 0; bit < 8 * (gsize)bytes->len; bit++) {
		bytes->data[bit / 8] ^= (guint8)(1u << bit % 8);
		assert_null(vks_image_parse(bytes->data, bytes->len, NULL));
		bytes->data[bit / 8] ^= (guint8)(1u << bit % 8);
	}
}

static void test_memory_file(void **state)
{
	g_autoptr(GByteArray) bytes = image_example(2);
	g_autoptr(VksImage) image = vks_image_parse(bytes->data, bytes->len, NULL);
	g_autofree char *path = sandbox_path(state, "memory-file");
	g_autoptr(GError) error = NULL;

	assert_false(vks_image_check_memory(image, path, NULL));
	assert_true(g_file_set_contents(path, "", 0, NULL));
	assert_int_equal(truncate(path, BUILDER_MEMORY), 0);
	assert_true(vks_image_check_memory(image, path, &error));
	assert_int_equal(truncate(path, BUILDER_MEMORY - 4096), 0);
	assert_false(vks_image_check_memory(image, path, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
}

static void test_kernel(void **state)
{
	g_autoptr(GByteArray) bytes = image_example(2);
	g_autoptr(VksImage) image = vks_image_parse(bytes->data, bytes->len, NULL);
	g_autofree char *text = sandbox_path(state, "libexec/vkernel");
	g_autoptr(GError) error = NULL;

	/* This very program stands for a kernel: it is an ELF file with a build id. */
	assert_false(vks_image_check_kernel(image, "/proc/self/exe", &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
	assert_non_null(strstr(error->message, "another build"));
	assert_true(vks_elf_build_id("/proc/self/exe", image->identity.build_id, NULL));
	assert_true(vks_image_check_kernel(image, "/proc/self/exe", NULL));
	assert_false(vks_image_check_kernel(image, text, NULL));
	memset(image->identity.build_id, 0, VKS_IMAGE_BUILD_ID);
	assert_true(vks_image_check_kernel(image, text, NULL));
}

static void test_machine(void **state)
{
	g_autoptr(GByteArray) bytes = image_example(2);
	g_autoptr(VksImage) image = vks_image_parse(bytes->data, bytes->len, NULL);
	VksImageMachine machine, other;
	g_autoptr(GError) error = NULL;

	vks_image_machine(&machine);
	assert_true(vks_image_check_machine(image, &machine, &error));
	other = machine;
	other.xcr0 = 1;
	assert_false(vks_image_check_machine(image, &other, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
	g_clear_error(&error);
	other = machine;
	other.page_size = 16384;
	assert_false(vks_image_check_machine(image, &other, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
	g_clear_error(&error);
	other = machine;
	other.memory_bytes = 4096;
	assert_false(vks_image_check_machine(image, &other, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE));
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),
		cmocka_unit_test(test_example),
		IN_SANDBOX(test_from_file),
		cmocka_unit_test(test_header_fields),
		cmocka_unit_test(test_identity_fields),
		cmocka_unit_test(test_table_fields),
		cmocka_unit_test(test_deleted_file),
		cmocka_unit_test(test_unknown_optional),
		cmocka_unit_test(test_every_bit_and_length),
		IN_SANDBOX(test_memory_file),
		IN_SANDBOX(test_kernel),
		cmocka_unit_test(test_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
