/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon decides without a bus: options, settings, when to save by itself. */
#include "tests/vksession/sandbox.h"

#include "vksession/daemon/autosave.h"
#include "vksession/daemon/bus.h"
#include "vksession/daemon/options.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define MINUTE (60 * SECOND)

static void test_paths(void **state)
{
	g_autofree char *path = vks_bus_session_path("a-b.c_1");

	assert_string_equal(path, "/org/vksession/session/a_2db_2ec_5f1");
	assert_true(g_variant_is_object_path(path));
}

static void test_options(void **state)
{
	g_autoptr(Request) request = request_new("x");
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) options = g_variant_ref_sink(
		g_variant_new_parsed("{'network': <false>, 'memory': <uint64 9>, 'display': <''>,"
				     "'environment': <['A=b']>}"));

	assert_true(request_parse(request, OPTIONS_RUN, options, NULL));
	assert_true(request->no_network);
	assert_int_equal(request->memory_bytes, 9);
	assert_null(request->display);
	assert_string_equal(request->environment[0], "A=b");
	assert_false(request_parse(request, OPTIONS_SAVE, options, &error));
	assert_int_equal(error->code, G_DBUS_ERROR_INVALID_ARGS);
}

static void write_config(void **state, const char *text)
{
	sandbox_write(state, "home/.config/vksession/vksession.conf", text);
}

/* GLib reads XDG_CONFIG_HOME once: so all of it in one test. */
static void test_config(void **state)
{
	g_autofree char *place = sandbox_path(state, "home/.config");
	g_autoptr(GError) error = NULL;
	Config config;

	g_setenv("XDG_CONFIG_HOME", place, TRUE);
	config_init(&config);
	assert_true(config_load(&config, NULL));
	assert_true(config.autosave);
	write_config(state, "[saves]\nkeep=3\n[autosave]\nenabled = no\nevery=3\n");
	assert_true(config_load(&config, NULL));
	assert_false(config.autosave);
	assert_int_equal(config.every_min, 3);
	write_config(state, "[autosave]\nevery=5\nbusy=often\n");
	assert_false(config_load(&config, &error));
	assert_non_null(strstr(error->message, "busy"));
	assert_int_equal(config.every_min, 3);
	g_clear_error(&error);
	write_config(state, "[autosave]\nevrey=5\n");
	assert_false(config_load(&config, &error));
}

/* Looks every 15 seconds at a session that uses so many milliseconds a second. */
static gint64 pass(AutosaveFacts *facts, gint64 from_us, gint64 minutes, guint64 ms_per_second)
{
	gint64 now = from_us;

	for (gint64 look = 0; look < minutes * 4; look++) {
		now += 15 * SECOND;
		autosave_note(facts, now, facts->work_us + 15 * ms_per_second * 1000, FALSE);
	}
	return now;
}

static void test_untouched_is_never_saved(void **state)
{
	AutosaveFacts facts = { .since_us = SECOND };
	gint64 now = pass(&facts, SECOND, 600, 1);
	Config config;

	config_init(&config);
	assert_false(autosave_has_changes(&facts));
	assert_false(autosave_is_due(&config, &facts, now));
	/* A line typed after ten hours is. */
	autosave_note(&facts, now + 15 * SECOND, facts.work_us + 300000, FALSE);
	assert_true(autosave_has_changes(&facts));
	assert_true(autosave_is_due(&config, &facts, now + 15 * SECOND));
	autosave_note(&facts, now + 30 * SECOND, 0, TRUE);
	assert_false(autosave_has_changes(&facts));
	assert_false(autosave_is_due(&config, &facts, now + 30 * SECOND));
}

static void test_interval_and_quiet_moment(void **state)
{
	AutosaveFacts facts = { .since_us = SECOND };
	gint64 now = pass(&facts, SECOND, 9, 500);
	Config config;

	config_init(&config);
	assert_false(autosave_is_due(&config, &facts, now));
	/* Busy: put off. Quiet: now. Busy for twice the interval: now all the same. */
	now = pass(&facts, now, 2, 500);
	assert_false(autosave_is_due(&config, &facts, now));
	now = pass(&facts, now, 1, 10);
	assert_true(autosave_is_due(&config, &facts, now));
	now = pass(&facts, now, 9, 500);
	assert_true(autosave_is_due(&config, &facts, now));
	config.autosave = FALSE;
	assert_false(autosave_is_due(&config, &facts, now));
}

/* A daemon that has just started knows the last save and all that was done since. */
static void test_first_look(void **state)
{
	AutosaveFacts idle = { .since_us = SECOND }, used = { .since_us = SECOND };

	autosave_note(&idle, 60 * MINUTE, 3600 * 1000, FALSE);
	assert_false(autosave_has_changes(&idle));
	autosave_note(&used, 60 * MINUTE, 60 * SECOND, FALSE);
	assert_true(autosave_has_changes(&used));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_options),
		cmocka_unit_test_setup_teardown(test_config, sandbox_setup, sandbox_teardown),
		cmocka_unit_test(test_untouched_is_never_saved),
		cmocka_unit_test(test_interval_and_quiet_moment),
		cmocka_unit_test(test_first_look),
	};

	return cmocka_run_group_tests_name("daemon decisions", tests, NULL, NULL);
}
