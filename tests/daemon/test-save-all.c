/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is saved when the machine goes down, in which order, and what of it comes back. */
#include "bus.h"

#include <signal.h>

#define ROOT "/org/vksession"

static void start_session(const char *session, gboolean detached)
{
	static const char *const command[] = { "editor", NULL };
	GVariantBuilder options;

	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&options, "{sv}", "detach", g_variant_new_boolean(detached));
	g_variant_unref(bus_do("Run", g_variant_new("(s^asa{sv})", session, command, &options)));
}

static void restore_is(const char *session, const char *when)
{
	g_autofree char *path = g_strdup_printf(ROOT "/session/%s", session);

	g_variant_unref(bus_call(
		path, "org.freedesktop.DBus.Properties", "Set",
		g_variant_new("(ssv)", SESSION, "Restore", g_variant_new_string(when)), NULL));
}

static GVariant *save_all_and_stop(void)
{
	GVariantBuilder options;

	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&options, "{sv}", "reason", g_variant_new_string("shutdown"));
	g_variant_builder_add(&options, "{sv}", "stop", g_variant_new_boolean(TRUE));
	return bus_do("SaveAll", g_variant_new("(a{sv})", &options));
}

static void assert_list(GVariant *result, const char *key, const char *expected)
{
	g_autoptr(GVariant) list = g_variant_lookup_value(result, key, NULL);
	g_autofree char *text = list ? g_variant_print(list, FALSE) : NULL;

	assert_non_null(text);
	assert_string_equal(text, expected);
}

static void assert_state(const char *session, const char *expected)
{
	g_autofree char *path = g_strdup_printf(ROOT "/session/%s", session);
	g_autofree char *found = bus_property(path, SESSION, "State");

	assert_string_equal(found, expected);
}

/* If there is no time for all: those that the user sees are not the ones that are lost. */
static void test_shown_ones_first(void **state)
{
	GPid daemon = bus_start_daemon();
	g_autoptr(GVariant) saved = NULL;

	start_session("a-hidden", TRUE);
	start_session("b-shown", FALSE);
	start_session("c-hidden", TRUE);
	start_session("d-shown", FALSE);
	saved = save_all_and_stop();
	assert_list(saved, "saved",
		    "[('b-shown', 1), ('d-shown', 1), ('a-hidden', 1), ('c-hidden', 1)]");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

/* At the next login: always, only if the user says so, never. */
static void test_what_comes_back(void **state)
{
	GPid daemon = bus_start_daemon();
	g_autoptr(GVariant) restored = NULL;

	start_session("always", FALSE);
	start_session("ask", FALSE);
	start_session("never", FALSE);
	restore_is("ask", "ask");
	restore_is("never", "never");
	g_variant_unref(save_all_and_stop());
	restored = bus_do("Restore", g_variant_new("(@a{sv})", bus_no_options()));
	assert_list(restored, "thawed", "['always']");
	assert_list(restored, "ask", "['ask']");
	assert_state("always", "'running'");
	assert_state("ask", "'saved'");
	assert_state("never", "'saved'");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, bus_setup, bus_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shown_ones_first),
		TEST(test_what_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
