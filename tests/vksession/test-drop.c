/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "operations.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static guint count_kernels(void **state)
{
	g_autofree char *path = sandbox_path(state, "state/vksession/kernels");
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	guint count = 0;

	while (dir && g_dir_read_name(dir))
		count++;
	return count;
}

static void test_drop_saves(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(GError) error = NULL;
	gboolean loses;

	run_session(vks, "s");
	for (int i = 0; i < 3; i++)
		save_session(vks, "s", FALSE);
	assert_true(vks_drop_loses_last(vks, "s", 3, &loses, NULL));
	assert_false(loses);
	/* A save may go while the session runs, and its number never comes back. */
	assert_true(vks_drop(vks, "s", 3, NULL));
	assert_int_equal(save_session(vks, "s", FALSE), 4);
	assert_false(vks_drop(vks, "s", 3, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
	assert_true(vks_drop(vks, "s", 1, NULL));
	assert_true(vks_drop(vks, "s", 2, NULL));
	assert_true(vks_drop_loses_last(vks, "s", 4, &loses, NULL));
	assert_true(loses);
}

/* Whoever still has the file open finds nothing of the memory in it. */
static void test_shredded_save(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autofree char *memory = NULL;
	g_autoptr(GByteArray) data = g_byte_array_new();
	g_autoptr(GArray) offsets = g_array_new(FALSE, FALSE, sizeof(off_t));
	guint8 page[4096], blank[4096] = { 0 };
	int fd;

	run_session(vks, "s");
	save_session(vks, "s", FALSE);
	save_session(vks, "s", FALSE);
	assert_true(vks_drop(vks, "s", 1, NULL));
	memory = part_path(vks, "s", 2, "memory");
	fd = open(memory, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (off_t at = 0; pread(fd, page, sizeof(page), at) == sizeof(page); at += sizeof(page)) {
		if (memcmp(page, blank, sizeof(page)) == 0)
			continue;
		g_byte_array_append(data, page, sizeof(page));
		g_array_append_val(offsets, at);
	}
	assert_true(offsets->len > 0);
	assert_true(vks_shred(vks, "s", 2, NULL));
	for (guint i = 0; i < offsets->len; i++) {
		off_t at = g_array_index(offsets, off_t, i);

		assert_int_equal(pread(fd, page, sizeof(page), at), sizeof(page));
		assert_memory_not_equal(page, data->data + i * sizeof(page), sizeof(page));
	}
	close(fd);
}

static void test_loses_last_good(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autofree char *manifest = NULL;
	gboolean loses;

	run_session(vks, "s");
	save_session(vks, "s", FALSE);
	save_session(vks, "s", FALSE);
	manifest = part_path(vks, "s", 1, "manifest.json");
	sandbox_flip_bit(manifest, 100);
	assert_true(vks_drop_loses_last(vks, "s", 2, &loses, NULL));
	assert_true(loses);
	assert_true(vks_drop_loses_last(vks, "s", 1, &loses, NULL));
	assert_false(loses);
	assert_true(vks_drop_loses_last(vks, "s", 0, &loses, NULL));
	assert_true(loses);
}

static void test_drop_session(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(GError) error = NULL;

	assert_false(vks_drop(vks, "s", 0, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
	run_session(vks, "s");
	assert_false(vks_drop(vks, "s", 0, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	save_session(vks, "s", TRUE);
	assert_true(vks_drop(vks, "s", 0, NULL));
	assert_file(state, "state/vksession/s", FALSE);
	assert_file(state, "run/vksession/s", FALSE);
	assert_int_equal(count_kernels(state), 0);
	assert_no_leftovers(state, "state/vksession", ".drop-");
}

static void test_interrupted_drop(void **state)
{
	g_autoptr(Vks) vks = open_fake();

	sandbox_write(state, "state/vksession/.drop-abc/session/saves/1/memory", "x");
	run_session(vks, "s");
	assert_no_leftovers(state, "state/vksession", ".drop-");
}

/* A session of which nothing can be read can still be removed, and is shown. */
static void test_drop_damaged(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(GPtrArray) list = NULL;
	const VksSessionInfo *info;

	sandbox_write(state, "state/vksession/s/session.json", "{");
	list = vks_list(vks, NULL, FALSE, NULL);
	assert_int_equal(list->len, 1);
	info = list->pdata[0];
	assert_non_null(info->problem);
	assert_true(vks_drop(vks, "s", 0, NULL));
	assert_file(state, "state/vksession/s", FALSE);
}

static void test_kernels_in_use_stay(void **state)
{
	g_autoptr(Vks) vks = open_fake();

	run_session(vks, "a");
	save_session(vks, "a", TRUE);
	sandbox_write(state, "libexec/vkernel", "a later kernel\n");
	run_session(vks, "b");
	save_session(vks, "b", TRUE);
	assert_int_equal(count_kernels(state), 2);
	assert_true(vks_drop(vks, "b", 0, NULL));
	assert_int_equal(count_kernels(state), 1);
	assert_true(vks_drop(vks, "a", 0, NULL));
	assert_int_equal(count_kernels(state), 0);
}

static void test_verify(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(GPtrArray) saves = NULL;
	g_autofree char *memory = NULL;
	g_autoptr(GError) error = NULL;

	run_session(vks, "s");
	save_session(vks, "s", FALSE);
	save_session(vks, "s", FALSE);
	memory = part_path(vks, "s", 1, "memory");
	sandbox_flip_bit(memory, 80000000);
	/* A glance does not see it, reading does. */
	saves = vks_list_saves(vks, "s", NULL);
	assert_int_equal(saves->len, 2);
	assert_null(((VksSaveInfo *)saves->pdata[0])->problem);
	g_ptr_array_unref(saves);
	saves = vks_verify(vks, "s", 0, NULL, NULL);
	assert_string_equal(((VksSaveInfo *)saves->pdata[0])->problem, "memory: checksum differs");
	assert_null(((VksSaveInfo *)saves->pdata[1])->problem);
	assert_true(((VksSaveInfo *)saves->pdata[1])->verified);
	assert_null(vks_verify(vks, "s", 7, NULL, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
	assert_null(vks_verify(vks, "t", 0, NULL, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_drop_saves),	      IN_SANDBOX(test_shredded_save),
		IN_SANDBOX(test_loses_last_good),     IN_SANDBOX(test_drop_session),
		IN_SANDBOX(test_interrupted_drop),    IN_SANDBOX(test_drop_damaged),
		IN_SANDBOX(test_kernels_in_use_stay), IN_SANDBOX(test_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
