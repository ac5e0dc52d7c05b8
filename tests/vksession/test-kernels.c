/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vksession/kernels.h"

#include <gio/gio.h>

static void test_put_get_collect(void **state)
{
	g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree char *source = sandbox_path(state, "libexec/vkernel");
	g_autofree char *first = NULL, *again = NULL, *second = NULL, *found = NULL;
	char hash[VKS_CHECKSUM_HEX + 1], other[VKS_CHECKSUM_HEX + 1];

	first = vks_kernels_put(*state, source, hash, NULL);
	assert_non_null(first);
	again = vks_kernels_put(*state, source, hash, NULL);
	assert_string_equal(first, again);
	/* An upgrade: the old one stays. */
	sandbox_write(state, "libexec/vkernel", "a later kernel\n");
	second = vks_kernels_put(*state, source, other, NULL);
	assert_string_not_equal(hash, other);
	found = vks_kernels_get(*state, hash, NULL);
	assert_string_equal(found, first);
	g_hash_table_add(used, other);
	assert_true(vks_kernels_collect(*state, used, NULL));
	assert_int_equal(access(first, F_OK), -1);
	assert_int_equal(access(second, X_OK), 0);
}

static void test_damaged_copy(void **state)
{
	g_autofree char *source = sandbox_path(state, "libexec/vkernel");
	char hash[VKS_CHECKSUM_HEX + 1];
	g_autofree char *path = vks_kernels_put(*state, source, hash, NULL);
	g_autofree char *repaired = NULL;
	g_autoptr(GError) error = NULL;

	assert_int_equal(chmod(path, 0700), 0);
	sandbox_flip_bit(path, 3);
	assert_null(vks_kernels_get(*state, hash, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
	g_clear_error(&error);
	/* The next run puts it right. */
	repaired = vks_kernels_put(*state, source, hash, &error);
	assert_non_null(repaired);
	g_free(vks_kernels_get(*state, hash, &error));
	assert_null(error);
}

static void test_missing(void **state)
{
	g_autofree char *source = sandbox_path(state, "libexec/none");
	char hash[VKS_CHECKSUM_HEX + 1];
	g_autoptr(GError) error = NULL;

	assert_null(vks_kernels_put(*state, source, hash, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
	g_clear_error(&error);
	assert_null(vks_kernels_get(*state, "0123456789abcdef0123456789abcdef", &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_put_get_collect),
		IN_SANDBOX(test_damaged_copy),
		IN_SANDBOX(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
