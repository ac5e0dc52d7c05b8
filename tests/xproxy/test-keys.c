/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys as a program of the session sees them: held as long as the person holds them, and repeated
 * by the person's X server or not at all, however late the viewer is.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <X11/Xlib.h>
#include <cmocka.h>
#include <fcntl.h>
#include <glib/gstdio.h>

#include "launcher/autofd.h"
#include "tests/harness/process.h"
#include "tests/harness/wait.h"
#include "tests/harness/windows.h"
#include "tests/xproxy/stage.h"

#define LATE_MS 2000 /* three times what it takes until a key repeats */

static struct stage stage;
static struct xserver desktop;
static struct window tester;
static pid_t xev;
static char *events_path;

/* What xev has seen of the keyboard: "+a-a" is a key pressed and released. */
static char *seen_keys(void)
{
	g_autofree char *text = NULL;
	GString *keys = g_string_new(NULL);

	if (!g_file_get_contents(events_path, &text, NULL, NULL))
		return g_string_free(keys, FALSE);
	for (const char *at = text; (at = strstr(at, "\nKey")); at++) {
		const char *name = strstr(at, "(keysym "), *end = NULL;

		name = name ? strstr(name, ", ") : NULL;
		end = name ? strchr(name, ')') : NULL;
		if (!end || g_str_has_prefix(at, "\nKeymap"))
			continue;
		g_string_append_c(keys, g_str_has_prefix(at, "\nKeyPress") ? '+' : '-');
		g_string_append_len(keys, name + 2, end - name - 2);
	}
	return g_string_free(keys, FALSE);
}

static bool begins_with(void *data)
{
	g_autofree char *keys = seen_keys();

	return g_str_has_prefix(keys, data);
}

static bool ends_with(void *data)
{
	g_autofree char *keys = seen_keys();

	return g_str_has_suffix(keys, data);
}

static void wait_keys(wait_condition condition, const char *wanted)
{
	g_autofree char *keys = NULL;

	if (wait_until(condition, (void *)wanted, -1, STAGE_MS))
		return;
	keys = seen_keys();
	fail_msg("the keys seen are '%s', no '%s'", keys, wanted);
}

static void assert_keys(const char *wanted)
{
	g_autofree char *keys = seen_keys();

	assert_string_equal(keys, wanted);
}

static void hold_a(void)
{
	assert_true(window_hold_key(&desktop, &tester, "a"));
	wait_keys(begins_with, "+a");
}

/* All that came before it is seen when this key is. */
static void type_b(void)
{
	assert_true(window_keys(&desktop, &tester, "b"));
	wait_keys(ends_with, "+b-b");
}

static void late_release_types_nothing(void **state)
{
	g_autoptr(XpViewerStatus) status = xp_viewer_get_status(stage.dir);

	hold_a();
	assert_int_equal(kill(status->client_pid, SIGSTOP), 0);
	assert_true(release_key(&desktop, "a"));
	let_time_pass(LATE_MS);
	assert_keys("+a");
	assert_int_equal(kill(status->client_pid, SIGCONT), 0);
	wait_keys(begins_with, "+a-a");
	type_b();
	assert_keys("+a-a+b-b");
}

static void late_press_and_release_are_one(void **state)
{
	g_autoptr(XpViewerStatus) status = xp_viewer_get_status(stage.dir);

	assert_int_equal(kill(status->client_pid, SIGSTOP), 0);
	assert_true(window_keys(&desktop, &tester, "a"));
	let_time_pass(LATE_MS);
	assert_keys("");
	assert_int_equal(kill(status->client_pid, SIGCONT), 0);
	type_b();
	assert_keys("+a-a+b-b");
}

static void key_stays_down_while_it_is_held(void **state)
{
	hold_a();
	let_time_pass(LATE_MS);
	assert_keys("+a");
	assert_true(release_key(&desktop, "a"));
	wait_keys(begins_with, "+a-a");
	type_b();
	assert_keys("+a-a+b-b");
}

static void set_repeat(bool on)
{
	Display *display = XOpenDisplay(desktop.name);

	assert_non_null(display);
	if (on)
		XAutoRepeatOn(display);
	else
		XAutoRepeatOff(display);
	XCloseDisplay(display);
}

static void held_key_repeats_as_the_desktop_does(void **state)
{
	g_autofree char *keys = NULL;
	const char *rest;

	set_repeat(true);
	hold_a();
	wait_keys(begins_with, "+a-a+a-a+a-a+a-a+a");
	assert_true(release_key(&desktop, "a"));
	set_repeat(false);
	type_b();
	keys = seen_keys();
	for (rest = keys; g_str_has_prefix(rest, "+a-a"); rest += strlen("+a-a"))
		continue;
	assert_string_equal(rest, "+b-b");
}

/* As modifiers do; what is typed with them repeats alone. */
static void modifiers_are_held(void **state)
{
	set_repeat(true);
	assert_true(window_hold_key(&desktop, &tester, "Shift_L"));
	wait_keys(begins_with, "+Shift_L");
	assert_true(window_hold_key(&desktop, &tester, "a"));
	wait_keys(begins_with, "+Shift_L+A-A+A-A+A");
	assert_true(release_key(&desktop, "a"));
	assert_true(release_key(&desktop, "Shift_L"));
	wait_keys(ends_with, "+A-A-Shift_L");
	set_repeat(false);
}

static void nothing_is_held_without_a_viewer(void **state)
{
	g_autoptr(GError) error = NULL;

	hold_a();
	if (!xp_viewer_stop(stage.dir, STAGE_MS, &error))
		fail_msg("%s", error->message);
	wait_keys(begins_with, "+a-a");
	assert_true(release_key(&desktop, "a"));
	assert_keys("+a-a");
}

/* --- the stage: a desktop with a viewer, and a program that tells the keys it gets --- */

static void start_tester(void)
{
	g_autofree char *authority = g_build_filename(stage.dir, "Xauthority", NULL);
	g_auto(GStrv) environment = g_get_environ();
	autofd events = g_open(events_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(events >= 0);
	environment = g_environ_setenv(environment, "DISPLAY", stage.display, TRUE);
	environment = g_environ_setenv(environment, "XAUTHORITY", authority, TRUE);
	xev = start_process((const char *const[]){ "xev", "-event", "keyboard", NULL }, environment,
			    -1, events);
	assert_true(window_wait(&desktop, "Event Tester", &tester, STAGE_MS));
}

static int set_up(void **state)
{
	g_autoptr(GError) error = NULL;

	if (!xp_viewer_start(stage.dir, "test", desktop.name, NULL, NULL, stage.log_path, &error))
		fail_msg("%s", error->message);
	start_tester();
	return 0;
}

static int tear_down(void **state)
{
	stop_process(xev);
	xp_viewer_stop(stage.dir, STAGE_MS, NULL);
	return 0;
}

static int set_up_stage(void **state)
{
	stage_set(&stage);
	xserver_start(&desktop, stage.log);
	events_path = g_build_filename(stage.dir, "events", NULL);
	return 0;
}

static int tear_down_stage(void **state)
{
	g_clear_pointer(&events_path, g_free);
	xserver_stop(&desktop);
	stage_clear(&stage);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(late_release_types_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(late_press_and_release_are_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(key_stays_down_while_it_is_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(held_key_repeats_as_the_desktop_does, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(modifiers_are_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_held_without_a_viewer, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, set_up_stage, tear_down_stage);
}
