/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include "vksession/environment.h"

static void test_filter(void **state)
{
	static const char *const environment[] = {
		"PATH=/bin",
		"LANG=C.UTF-8",
		"LC_ALL=C",
		"LC_TIME=de_DE",
		"TZ=UTC",
		"TERM=xterm",
		"EDITOR=vi",
		"XDG_CONFIG_HOME=/home/u/.config",
		"DISPLAY=:0",
		"XAUTHORITY=/x",
		"WAYLAND_DISPLAY=wayland-0",
		"DBUS_SESSION_BUS_ADDRESS=unix:path=/x",
		"SSH_AUTH_SOCK=/x",
		"XDG_RUNTIME_DIR=/run/user/1",
		"XDG_SESSION_ID=3",
		"SESSION_MANAGER=x",
		"AWS_SECRET_ACCESS_KEY=x",
		"LD_PRELOAD=/x.so",
		"PATHOLOGICAL=1",
		"=odd",
		"LANG_WITHOUT_EQUALS",
		"",
		NULL,
	};
	static const char *const expected[] = {
		"PATH=/bin", "LANG=C.UTF-8", "LC_ALL=C",  "LC_TIME=de_DE",
		"TZ=UTC",    "TERM=xterm",   "EDITOR=vi", "XDG_CONFIG_HOME=/home/u/.config",
	};
	g_auto(GStrv) passed = vks_environment_filter(environment);

	assert_int_equal(g_strv_length(passed), G_N_ELEMENTS(expected));
	for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
		assert_string_equal(passed[i], expected[i]);
}

static void test_viewer(void **state)
{
	static const char *const other_desktop[] = { "DBUS_SESSION_BUS_ADDRESS=unix:path=/other",
						     "LANG=fr_FR.UTF-8", "HOME=/elsewhere",
						     "LD_PRELOAD=/x.so", NULL };
	g_auto(GStrv) same = NULL, other = NULL;

	g_setenv("XAUTHORITY", "/ours", TRUE);
	g_setenv("LANG", "C", TRUE);
	same = vks_environment_of_viewer(NULL);
	assert_string_equal(g_environ_getenv(same, "XAUTHORITY"), "/ours");
	other = vks_environment_of_viewer(other_desktop);
	assert_string_equal(g_environ_getenv(other, "DBUS_SESSION_BUS_ADDRESS"),
			    "unix:path=/other");
	assert_string_equal(g_environ_getenv(other, "LANG"), "fr_FR.UTF-8");
	/* What it has not is not there, and what is not of the desktop is ours. */
	assert_null(g_environ_getenv(other, "XAUTHORITY"));
	assert_null(g_environ_getenv(other, "LD_PRELOAD"));
	assert_string_equal(g_environ_getenv(other, "HOME"), g_getenv("HOME"));
}

static void test_of_desktop(void **state)
{
	g_auto(GStrv) variables = NULL;

	g_setenv("XAUTHORITY", "/ours", TRUE);
	g_setenv("AWS_SECRET_ACCESS_KEY", "x", TRUE);
	variables = vks_environment_of_desktop();
	assert_string_equal(g_environ_getenv(variables, "XAUTHORITY"), "/ours");
	assert_null(g_environ_getenv(variables, "AWS_SECRET_ACCESS_KEY"));
}

static void test_no_environment(void **state)
{
	g_auto(GStrv) passed = vks_environment_filter(NULL);

	assert_int_equal(g_strv_length(passed), 0);
}

static void test_cwd(void **state)
{
	assert_string_equal(vks_guest_cwd("/home/u/x", "/home/u"), "/home/u/x");
	assert_string_equal(vks_guest_cwd("/usr/share", "/home/u"), "/usr/share");
	assert_string_equal(vks_guest_cwd("/tmp", "/home/u"), "/home/u");
	assert_string_equal(vks_guest_cwd("/tmp/x", "/home/u"), "/home/u");
	assert_string_equal(vks_guest_cwd("/tmpfiles", "/home/u"), "/tmpfiles");
	assert_string_equal(vks_guest_cwd("/run/user/5", "/home/u"), "/home/u");
	assert_string_equal(vks_guest_cwd("/dev/shm/x", "/home/u"), "/home/u");
	assert_string_equal(vks_guest_cwd("/tmp/home/x", "/tmp/home"), "/tmp/home/x");
	assert_string_equal(vks_guest_cwd("(unreachable)/x", "/home/u"), "/home/u");
	assert_string_equal(vks_guest_cwd(NULL, "/home/u"), "/home/u");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter), cmocka_unit_test(test_no_environment),
		cmocka_unit_test(test_viewer), cmocka_unit_test(test_of_desktop),
		cmocka_unit_test(test_cwd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
