/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <string.h>

#include "vksession/record.h"

static VksRecord *make_record(void)
{
	static const char *const argv[] = { "xterm", "-e", "\xff odd", NULL };
	VksRecord *record = vks_record_new();

	record->memory_bytes = 1 << 30;
	record->running = TRUE;
	record->base = 3;
	record->last_number = 4;
	g_strfreev(record->private_dirs);
	record->private_dirs = g_strsplit("/home/u/.a,/home/u/ü", ",", -1);
	g_strfreev(record->disks);
	record->disks = g_strsplit("/srv/a.img,/srv/b.img", ",", -1);
	vks_record_add_command(record, "/home/u", argv);
	return record;
}

static void test_round_trip(void **state)
{
	g_autoptr(VksRecord) record = make_record();
	g_autofree char *path = sandbox_path(state, "session.json");
	g_autofree char *text = vks_record_print(record);
	g_autofree char *again = NULL;
	g_autoptr(VksRecord) parsed = NULL;

	assert_true(vks_record_store(record, path, NULL));
	assert_true(vks_record_store(record, path, NULL));
	parsed = vks_record_load(path, NULL);
	assert_non_null(parsed);
	again = vks_record_print(parsed);
	assert_string_equal(again, text);
	assert_true(g_uuid_string_is_valid(parsed->id));
}

static void test_commands_are_bounded(void **state)
{
	static const char *const argv[] = { "x", NULL };
	g_autoptr(VksRecord) record = make_record();
	g_autoptr(VksRecord) parsed = NULL;
	g_autofree char *text = NULL;

	for (int i = 0; i < 500; i++)
		vks_record_add_command(record, "/", argv);
	assert_true(record->commands->len < 500);
	text = vks_record_print(record);
	parsed = vks_record_parse(text, strlen(text), NULL);
	assert_non_null(parsed);
}

static void test_truncated(void **state)
{
	g_autoptr(VksRecord) record = make_record();
	g_autofree char *text = vks_record_print(record);

	for (gsize cut = 0; cut < strlen(text); cut++) {
		g_autofree char *part = g_memdup2(text, MAX(cut, 1));
		g_autoptr(GError) error = NULL;

		assert_null(vks_record_parse(part, cut, &error));
		assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
	}
}

/* Flipped bits may give another valid record, but never a crash. */
static void test_flips(void **state)
{
	g_autoptr(VksRecord) record = make_record();
	g_autofree char *text = vks_record_print(record);

	for (gsize bit = 0; bit < strlen(text) * 8; bit++) {
		g_autofree char *copy = g_strdup(text);

		copy[bit / 8] ^= (char)(1 << (bit % 8));
		vks_record_free(vks_record_parse(copy, strlen(text), NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, sandbox_setup, sandbox_teardown),
		cmocka_unit_test(test_commands_are_bounded),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
