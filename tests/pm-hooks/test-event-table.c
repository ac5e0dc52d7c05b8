/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <glib/gstdio.h>

#include "pm-hooks/event-table.h"

static int setup(void **state)
{
	*state = g_dir_make_tmp("vksession-events-XXXXXX", NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	g_autofree char *directory = *state;
	g_autofree char *path = g_build_filename(directory, "power.conf", NULL);

	g_unlink(path);
	g_rmdir(directory);
	return 0;
}

static gboolean read_text(struct event_table *table, const char *directory, const char *text,
			  GError **error)
{
	g_autofree char *path = g_build_filename(directory, "power.conf", NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	return event_table_read(table, path, error);
}

/* What is installed says what is compiled in. */
static void test_installed(void **state)
{
	struct event_table table, defaults;
	g_autoptr(GError) error = NULL;

	event_table_init(&defaults);
	event_table_init(&table);
	for (int i = 0; i < POWER_OCCASIONS; i++)
		table.actions[i] = (enum power_action) - 1;
	table.restore = FALSE;
	assert_true(event_table_read(&table, g_getenv("VKSESSION_POWER_CONF"), &error));
	for (int i = 0; i < POWER_OCCASIONS; i++)
		assert_int_equal(table.actions[i], defaults.actions[i]);
	assert_true(table.restore);
}

static void test_override(void **state)
{
	struct event_table table;

	event_table_init(&table);
	assert_true(read_text(&table, *state,
			      "[events]\nsleep = nothing\nbattery-action=save-stop \nlogin=nothing",
			      NULL));
	assert_int_equal(table.actions[POWER_SLEEP], POWER_NOTHING);
	assert_int_equal(table.actions[POWER_BATTERY_ACTION], POWER_SAVE_STOP);
	assert_int_equal(table.actions[POWER_SHUTDOWN], POWER_SAVE_STOP);
	assert_false(table.restore);
}

static void test_missing_file(void **state)
{
	struct event_table table;
	g_autoptr(GError) error = NULL;

	event_table_init(&table);
	assert_true(event_table_read(&table, "/nonexistent/power.conf", &error));
	assert_null(error);
}

static void refuses(const char *directory, const char *text, const char *says)
{
	struct event_table table;
	g_autoptr(GError) error = NULL;

	event_table_init(&table);
	assert_false(read_text(&table, directory, text, &error));
	assert_non_null(strstr(error->message, says));
	assert_non_null(strstr(error->message, "power.conf"));
	assert_int_equal(table.actions[POWER_SLEEP], POWER_SAVE); /* nothing of it is taken */
}

static void test_mistakes(void **state)
{
	refuses(*state, "[events]\nsleep = nothing\nshutdown = safe\n", "shutdown: \"safe\"");
	refuses(*state, "[events]\nsleep = nothing\nslep = save\n", "slep: there is no such event");
	refuses(*state, "[events]\nsleep = nothing\nlogin = save\n", "login: \"save\"");
	refuses(*state, "sleep = nothing\n", "group");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
	const struct CMUnitTest tests[] = { TEST(installed), TEST(override), TEST(missing_file),
					    TEST(mistakes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
