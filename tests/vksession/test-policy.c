/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <gio/gio.h>
#include <string.h>

#include "vksession/policy.h"

#define HOUR (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)
#define MIB  (1u << 20)

/* Saves at these hours of 1970 (a Thursday), of 10 MiB each; "+" marks those that stay. */
static char *choose(const VksPolicy *policy, const guint *hours, gsize count)
{
	g_autofree VksKeepItem *items = g_new0(VksKeepItem, count);
	g_autoptr(GString) text = g_string_new(NULL);

	for (gsize i = 0; i < count; i++) {
		items[i].number = (guint)i + 1;
		items[i].utc_us = hours[i] * HOUR + 1;
		items[i].bytes = 10 * MIB;
	}
	vks_policy_choose(policy, items, count);
	for (gsize i = 0; i < count; i++)
		g_string_append_c(text, items[i].keep ? '+' : '-');
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void assert_choice(const VksPolicy *policy, const guint *hours, gsize count,
			  const char *expected)
{
	g_autofree char *found = choose(policy, hours, count);

	assert_string_equal(found, expected);
}

static void test_last(void **state)
{
	static const guint hours[] = { 1, 1, 1, 1, 1, 1 };
	VksPolicy policy = { .keep = 2 };

	assert_choice(&policy, hours, 6, "----++");
	policy.keep = 100;
	assert_choice(&policy, hours, 6, "++++++");
	assert_choice(&policy, hours, 0, "");
}

static void test_thinned(void **state)
{
	/* Two in the first hour, then one each; then two days later; then two weeks later. */
	static const guint hours[] = { 5, 5, 6, 7, 54, 55, 400, 401 };
	VksPolicy policy = { .keep = 1, .hourly = 3 };

	assert_choice(&policy, hours, 8, "-----+++");
	policy.hourly = 0;
	policy.daily = 2;
	assert_choice(&policy, hours, 8, "-----+-+");
	policy.daily = 3;
	assert_choice(&policy, hours, 8, "---+-+-+");
	policy.daily = 0;
	policy.weekly = 5;
	assert_choice(&policy, hours, 8, "-----+-+");
}

static void test_size(void **state)
{
	static const guint hours[] = { 1, 2, 3, 4 };
	VksPolicy policy = { .keep = 4, .size_limit = 25 * MIB };

	assert_choice(&policy, hours, 4, "--++");
	/* The last one stays however large it is. */
	policy.size_limit = 1;
	assert_choice(&policy, hours, 4, "---+");
}

static void test_settings(void **state)
{
	static const char *const good[][2] = {
		{ "keep", "3" },	 { "keep", "1" },
		{ "hourly", "0" },	 { "verify", "yes" },
		{ "chain", "32" },	 { "incremental", "no" },
		{ "staging", "disk" },	 { "size-limit", "1073741824" },
		{ "quick-thaw", "no" },	 { "short-pause", "no" },
		{ "quick-thaw", "yes" }, { "short-pause", "yes" },
	};
	static const char *const bad[][2] = {
		{ "keep", "0" },	{ "keep", "-1" },
		{ "keep", "" },		{ "chain", "33" },
		{ "verify", "true" },	{ "staging", "tape" },
		{ "kep", "3" },		{ "size-limit", "x" },
		{ "size-limit", "1X" }, { "size-limit", "99999999T" },
	};
	VksPolicy policy;

	vks_policy_init(&policy);
	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autofree char *value = NULL;

		assert_true(vks_policy_set(&policy, good[i][0], good[i][1], NULL));
		value = vks_policy_get(&policy, good[i][0]);
		assert_string_equal(value, good[i][1]);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		assert_false(vks_policy_set(&policy, bad[i][0], bad[i][1], &error));
		assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT));
	}
	assert_true(vks_policy_set(&policy, "size-limit", "2G", NULL));
	assert_true(policy.size_limit == G_GUINT64_CONSTANT(2) << 30);
}

static void test_file(void **state)
{
	g_autofree char *path = vks_policy_path();
	g_autoptr(GError) error = NULL;
	VksPolicy policy;

	vks_policy_init(&policy);
	assert_true(vks_policy_load_file(&policy, path, NULL));
	assert_int_equal(policy.keep, 5);
	sandbox_write(state, "config/vksession/vksession.conf",
		      "# mine\n[saves]\nkeep = 7\nsize-limit=10G\n[later]\nx=1\n");
	assert_true(vks_policy_load_file(&policy, path, NULL));
	assert_int_equal(policy.keep, 7);
	sandbox_write(state, "config/vksession/vksession.conf", "[saves]\nkeep=many\n");
	assert_false(vks_policy_load_file(&policy, path, &error));
	assert_non_null(strstr(error->message, "keep"));
	assert_non_null(strstr(error->message, "vksession.conf"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_thinned),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_settings),
		cmocka_unit_test_setup_teardown(test_file, sandbox_setup, sandbox_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
