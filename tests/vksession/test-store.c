/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vksession/store.h"

#include <gio/gio.h>

static void put_part(VksManifest *manifest, const char *dir, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	VksChecksum sum;

	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_true(vks_checksum_path(path, &sum, NULL, NULL, NULL, NULL));
	vks_manifest_add_part(manifest, name, TRUE, &sum);
}

/* Writes a save without publishing it. */
static char *write_save(const char *saves, VksManifest *manifest, guint number)
{
	char *temporary = vks_store_begin(saves, NULL);

	assert_non_null(temporary);
	manifest->generation = number;
	manifest->kernel_hash = g_strdup("0123456789abcdef0123456789abcdef");
	put_part(manifest, temporary, VKS_PART_MEMORY, "memory of the guest");
	put_part(manifest, temporary, VKS_PART_STATE, "state of the guest");
	return temporary;
}

static void make_save(const char *saves, guint number)
{
	g_autoptr(VksManifest) manifest = vks_manifest_new();
	g_autofree char *temporary = write_save(saves, manifest, number);

	assert_true(vks_store_publish(saves, temporary, manifest, NULL));
}

static void assert_numbers(const char *saves, const char *expected)
{
	g_autoptr(GArray) numbers = vks_store_numbers(saves, NULL);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < numbers->len; i++)
		g_string_append_printf(text, "%s%u", i ? " " : "",
				       g_array_index(numbers, guint, i));
	assert_string_equal(text->str, expected);
}

static void assert_damaged(const char *saves, guint number)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VksManifest) manifest = vks_store_load(saves, number, &error);

	if (manifest)
		assert_false(vks_store_verify(saves, manifest, NULL, NULL, NULL, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
}

static void assert_intact(const char *saves, guint number)
{
	g_autoptr(VksManifest) manifest = vks_store_load(saves, number, NULL);

	assert_non_null(manifest);
	assert_true(vks_store_verify(saves, manifest, NULL, NULL, NULL, NULL));
}

static void test_publish_and_list(void **state)
{
	g_autofree char *saves = sandbox_path(state, "saves");
	g_autofree char *one = sandbox_path(state, "saves/1");
	struct stat st;

	assert_numbers(saves, "");
	for (guint number = 1; number <= 11; number++)
		make_save(saves, number);
	assert_numbers(saves, "1 2 3 4 5 6 7 8 9 10 11");
	assert_intact(saves, 11);
	assert_int_equal(stat(one, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void test_garbage(void **state)
{
	static const char *const directories[] = {
		"0", "01", "-1", "+1", "1x", "x", " 3", "1.5", "99999999999999999999", "a b"
	};
	g_autofree char *saves = sandbox_path(state, "saves");
	g_autofree char *link = sandbox_path(state, "saves/7");

	make_save(saves, 3);
	for (gsize i = 0; i < G_N_ELEMENTS(directories); i++) {
		g_autofree char *path = g_build_filename(saves, directories[i], NULL);

		assert_int_equal(mkdir(path, 0700), 0);
	}
	sandbox_write(state, "saves/5", "a file");
	assert_int_equal(symlink("3", link), 0);
	assert_numbers(saves, "3");
}

static void test_never_replaces(void **state)
{
	g_autofree char *saves = sandbox_path(state, "saves");
	g_autoptr(VksManifest) manifest = vks_manifest_new();
	g_autofree char *temporary = NULL;
	g_autoptr(GError) error = NULL;

	make_save(saves, 1);
	temporary = write_save(saves, manifest, 1);
	assert_false(vks_store_publish(saves, temporary, manifest, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS));
	assert_intact(saves, 1);
}

static void test_clean(void **state)
{
	g_autofree char *saves = sandbox_path(state, "saves");
	g_autoptr(VksManifest) manifest = vks_manifest_new();
	g_autofree char *temporary = NULL;

	assert_true(vks_store_clean(saves, NULL));
	make_save(saves, 1);
	temporary = write_save(saves, manifest, 2);
	sandbox_write(state, "saves/.drop-abc/save/memory", "x");
	sandbox_write(state, "saves/notes", "kept");
	assert_true(vks_store_clean(saves, NULL));
	assert_int_equal(access(temporary, F_OK), -1);
	assert_numbers(saves, "1");
	assert_intact(saves, 1);
	g_free(temporary);
	temporary = sandbox_path(state, "saves/.drop-abc");
	assert_int_equal(access(temporary, F_OK), -1);
	g_free(temporary);
	temporary = sandbox_path(state, "saves/notes");
	assert_int_equal(access(temporary, F_OK), 0);
}

static void test_remove(void **state)
{
	g_autofree char *saves = sandbox_path(state, "saves");
	g_autoptr(GError) error = NULL;

	make_save(saves, 1);
	make_save(saves, 2);
	assert_true(vks_store_remove(saves, 1, FALSE, NULL));
	assert_numbers(saves, "2");
	assert_false(vks_store_remove(saves, 1, FALSE, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
	assert_numbers(saves, "2");
}

static void test_damage(void **state)
{
	static const char *const files[] = { "memory", "state", "manifest.json" };
	g_autofree char *saves = sandbox_path(state, "saves");

	make_save(saves, 1);
	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = vks_store_path(saves, 1, files[i]);
		g_autofree char *away = g_strconcat(path, ".away", NULL);
		struct stat st;

		assert_int_equal(stat(path, &st), 0);
		sandbox_flip_bit(path, 77);
		assert_damaged(saves, 1);
		sandbox_flip_bit(path, 77);
		assert_intact(saves, 1);
		assert_int_equal(rename(path, away), 0);
		assert_damaged(saves, 1);
		assert_int_equal(symlink(away, path), 0);
		assert_null(vks_store_load(saves, 1, NULL));
		assert_int_equal(unlink(path), 0);
		assert_int_equal(rename(away, path), 0);
		assert_intact(saves, 1);
		assert_int_equal(truncate(path, st.st_size - 1), 0);
		assert_damaged(saves, 1);
		assert_true(vks_store_remove(saves, 1, FALSE, NULL));
		make_save(saves, 1);
	}
}

static void test_wrong_number(void **state)
{
	g_autofree char *saves = sandbox_path(state, "saves");
	g_autofree char *one = vks_store_path(saves, 1, NULL);
	g_autofree char *five = vks_store_path(saves, 5, NULL);

	make_save(saves, 1);
	assert_int_equal(rename(one, five), 0);
	assert_damaged(saves, 5);
}

static void test_unknown_parts(void **state)
{
	g_autofree char *saves = sandbox_path(state, "saves");

	for (guint number = 1; number <= 2; number++) {
		g_autoptr(VksManifest) manifest = vks_manifest_new();
		g_autofree char *temporary = write_save(saves, manifest, number);
		VksChecksum sum = { .size = 5 };

		memset(sum.hex, '0', VKS_CHECKSUM_HEX);
		vks_manifest_add_part(manifest, "thumbnail", number == 2, &sum);
		assert_true(vks_store_publish(saves, temporary, manifest, NULL));
	}
	assert_intact(saves, 1);
	assert_damaged(saves, 2);
}

static void test_missing_part(void **state)
{
	g_autofree char *saves = sandbox_path(state, "saves");
	g_autoptr(VksManifest) manifest = vks_manifest_new();
	g_autofree char *temporary = write_save(saves, manifest, 1);

	g_ptr_array_remove_index(manifest->parts, 1);
	assert_true(vks_store_publish(saves, temporary, manifest, NULL));
	assert_damaged(saves, 1);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_publish_and_list), IN_SANDBOX(test_garbage),
		IN_SANDBOX(test_never_replaces),   IN_SANDBOX(test_clean),
		IN_SANDBOX(test_remove),	   IN_SANDBOX(test_damage),
		IN_SANDBOX(test_wrong_number),	   IN_SANDBOX(test_unknown_parts),
		IN_SANDBOX(test_missing_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
