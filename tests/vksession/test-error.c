/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <errno.h>

#include "vksession/error.h"

static void test_codes(void **state)
{
	static const struct {
		int io_code;
		VksErrorCode code;
	} cases[] = {
		{ G_IO_ERROR_NOT_SUPPORTED, VKS_ERROR_UNSUPPORTED },
		{ G_IO_ERROR_NO_SPACE, VKS_ERROR_NO_SPACE },
		{ G_IO_ERROR_INVALID_DATA, VKS_ERROR_DAMAGED },
		{ G_IO_ERROR_BUSY, VKS_ERROR_STATE },
		{ G_IO_ERROR_FAILED, VKS_ERROR_FAILED },
		{ G_IO_ERROR_NOT_FOUND, VKS_ERROR_FAILED },
		{ G_IO_ERROR_EXISTS, VKS_ERROR_FAILED },
		{ G_IO_ERROR_TIMED_OUT, VKS_ERROR_FAILED },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError)
			error = g_error_new_literal(G_IO_ERROR, cases[i].io_code, "it failed");

		assert_int_equal(vks_error_code(error), cases[i].code);
	}
}

static void test_other_domains(void **state)
{
	g_autoptr(GError) option = g_error_new_literal(G_OPTION_ERROR, 0, "x");
	g_autoptr(GError) space = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_NOSPC, "x");
	g_autoptr(GError) file = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");

	assert_int_equal(vks_error_code(option), VKS_ERROR_USAGE);
	assert_int_equal(vks_error_code(space), VKS_ERROR_NO_SPACE);
	assert_int_equal(vks_error_code(file), VKS_ERROR_FAILED);
}

static void test_complete(void **state)
{
	g_autoptr(GError) error = NULL;
	GError *cause = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_NO_SPACE, "disk; full\nreally");

	vks_error_complete(&error, cause, "save %u is safe; make room", 3);
	assert_string_equal(error->message, "disk, full,really; save 3 is safe; make room");
	assert_vks_error(&error, VKS_ERROR_NO_SPACE);
	/* One that is complete stays as it is. */
	cause = g_error_new_literal(VKS_ERROR, VKS_ERROR_STATE, "a; b; c");
	vks_error_complete(&error, cause, "d; e");
	assert_string_equal(error->message, "a; b; c");
	assert_vks_error(&error, VKS_ERROR_STATE);
	/* Nobody wants to know. */
	cause = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_FAILED, "x");
	vks_error_complete(NULL, cause, "d; e");
}

static void test_errno(void **state)
{
	static const struct {
		int errnum;
		int io_code;
	} cases[] = {
		{ ENOSPC, G_IO_ERROR_NO_SPACE },
		{ EDQUOT, G_IO_ERROR_NO_SPACE },
		{ ENOENT, G_IO_ERROR_NOT_FOUND },
		{ EIO, G_IO_ERROR_FAILED },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		vks_error_errno(&error, cases[i].errnum, "cannot write %s", "x");
		assert_true(g_error_matches(error, G_IO_ERROR, cases[i].io_code));
		assert_true(g_str_has_prefix(error->message, "cannot write x: "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_other_domains),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
