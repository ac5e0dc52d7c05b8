/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <cmocka.h>
#include <glib/gstdio.h>

#include "xproxy/client.h"
#include "xproxy/content.h"
#include "xproxy/layout.h"
#include "xproxy/placement.h"
#include "xproxy/status.h"

static char *make_dir(void)
{
	char *dir = g_dir_make_tmp("test-xproxy-XXXXXX", NULL);

	assert_non_null(dir);
	return dir;
}

static char *write_file(const char *dir, const char *text)
{
	char *path = g_build_filename(dir, "file", NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static void remove_dir(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "file", NULL);

	g_unlink(path);
	assert_int_equal(g_rmdir(dir), 0);
}

/* The strings are borrowed. */
static XpWindow window(guint64 guest_xid, const char *wm_class, const char *title, int x, int y)
{
	return (XpWindow){
		.title = (char *)title,
		.wm_class = (char *)wm_class,
		.x = x,
		.y = y,
		.width = 30,
		.height = 40,
		.guest_xid = guest_xid,
	};
}

static void layout_survives_the_file(void **state)
{
	g_autofree char *dir = make_dir();
	g_autofree char *path = g_build_filename(dir, "file", NULL);
	g_autoptr(XpLayout) layout = xp_layout_new();
	g_autoptr(XpLayout) again = NULL;
	XpWindow xterm = window(5, "XTerm", "a \"title\" – ü", -3, 7);
	XpPlace *place;

	assert_true(xp_layout_update(layout, &xterm));
	assert_false(xp_layout_update(layout, &xterm));
	assert_true(xp_layout_write(layout, path, NULL));
	again = xp_layout_read(path, NULL);
	assert_non_null(again);
	assert_int_equal(again->places->len, 1);
	place = xp_layout_take(again, &xterm);
	assert_non_null(place);
	assert_int_equal(place->x, -3);
	assert_int_equal(place->y, 7);
	assert_int_equal(place->width, 30);
	assert_int_equal(place->height, 40);
	assert_string_equal(place->title, "a \"title\" – ü");
	remove_dir(dir);
}

static void layout_matches_by_id_before_title(void **state)
{
	g_autoptr(XpLayout) layout = xp_layout_new();
	XpWindow first = window(1, "XTerm", "one", 10, 0);
	XpWindow second = window(2, "XTerm", "two", 20, 0);
	XpWindow renamed = window(2, "XTerm", "one", 0, 0);
	XpWindow fresh = window(77, "XTerm", "one", 0, 0);
	XpWindow other = window(1, "XClock", "one", 0, 0);

	xp_layout_update(layout, &first);
	xp_layout_update(layout, &second);
	assert_null(xp_layout_take(layout, &other));
	assert_int_equal(xp_layout_take(layout, &renamed)->x, 20);
	assert_int_equal(xp_layout_take(layout, &fresh)->x, 10);
	assert_null(xp_layout_take(layout, &fresh));
}

static void layout_forgets_closed_windows(void **state)
{
	g_autoptr(XpLayout) layout = xp_layout_new();
	XpWindow xterm = window(1, "XTerm", "one", 10, 0);

	xp_layout_update(layout, &xterm);
	assert_false(xp_layout_remove(layout, 2));
	assert_true(xp_layout_remove(layout, 1));
	assert_int_equal(layout->places->len, 0);
}

static void layout_retains_what_is_shown(void **state)
{
	g_autoptr(XpLayout) layout = xp_layout_new();
	g_autoptr(GPtrArray) shown = g_ptr_array_new();
	XpWindow first = window(1, "XTerm", "one", 10, 0);
	XpWindow second = window(2, "XTerm", "two", 20, 0);

	xp_layout_update(layout, &first);
	xp_layout_update(layout, &second);
	g_ptr_array_add(shown, &second);
	assert_true(xp_layout_retain(layout, shown));
	assert_false(xp_layout_retain(layout, shown));
	assert_int_equal(layout->places->len, 1);
	assert_int_equal(xp_layout_take(layout, &second)->x, 20);
}

static void check_bad_layout(const char *text)
{
	g_autofree char *dir = make_dir();
	g_autofree char *path = write_file(dir, text);
	g_autoptr(GError) error = NULL;

	assert_null(xp_layout_read(path, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
	remove_dir(dir);
}

static void bad_layouts_are_refused(void **state)
{
	g_autoptr(GError) error = NULL;

	check_bad_layout("");
	check_bad_layout("[]");
	check_bad_layout("{\"version\": 2, \"windows\": []}");
	check_bad_layout("{\"version\": 1, \"windows\": [7]}");
	check_bad_layout("{\"version\": 1, \"windows\": [{\"x\": 1}");
	assert_null(xp_layout_read("/nonexistent/layout", &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
}

static void layout_is_saved_also_when_there_is_none(void **state)
{
	g_autofree char *dir = make_dir();
	g_autofree char *path = g_build_filename(dir, "file", NULL);
	g_autoptr(XpLayout) layout = NULL;

	assert_true(xp_layout_save(dir, path, NULL));
	layout = xp_layout_read(path, NULL);
	assert_non_null(layout);
	assert_int_equal(layout->places->len, 0);
	remove_dir(dir);
}

static void status_survives_the_file(void **state)
{
	g_autofree char *dir = make_dir();
	g_autofree char *path = g_build_filename(dir, "file", NULL);
	g_autoptr(XpViewerStatus) status = xp_status_new();
	g_autoptr(XpViewerStatus) again = NULL;
	XpWindow *shown = g_new(XpWindow, 1);

	*shown = window(5, g_strdup("XTerm"), g_strdup("t"), 1, 2);
	shown->drawn = TRUE;
	status->viewer_pid = 12;
	status->display = g_strdup(":7");
	status->first_drawn_us = G_GINT64_CONSTANT(123456789012);
	g_ptr_array_add(status->windows, shown);
	assert_true(xp_status_write(status, path, NULL));
	again = xp_status_read(path, NULL);
	assert_non_null(again);
	assert_int_equal(again->viewer_pid, 12);
	assert_string_equal(again->display, ":7");
	assert_true(again->first_drawn_us == G_GINT64_CONSTANT(123456789012));
	assert_int_equal(again->windows->len, 1);
	shown = again->windows->pdata[0];
	assert_string_equal(shown->wm_class, "XTerm");
	assert_true(shown->drawn);
	assert_false(shown->mapped);
	assert_int_equal(shown->guest_xid, 5);
	remove_dir(dir);
}

static void no_viewer(void **state)
{
	g_autofree char *dir = make_dir();
	g_autoptr(GError) error = NULL;

	assert_null(xp_viewer_get_status(dir));
	assert_true(xp_viewer_stop(dir, 1000, &error));
	assert_false(xp_viewer_wait_drawn(dir, 1000, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_FAILED));
	remove_dir(dir);
}

static void client_command(void **state)
{
	g_auto(GStrv) argv = xp_client_argv("/r/s/display.sock", "/r/s", "mine");

	assert_true(g_strv_contains((const char *const *)argv, "socket:///r/s/display.sock"));
	assert_true(g_strv_contains((const char *const *)argv, "--session-name=mine"));
	assert_true(g_strv_contains((const char *const *)argv, "--title=@title@"));
}

static void client_waits_and_keeps_out_of_the_home(void **state)
{
	const char *base[] = { "PATH=/home/u/bin", "WAYLAND_DISPLAY=w", "HOME=/home/u",
			       "XDG_RUNTIME_DIR=/r", NULL };
	g_auto(GStrv) environment = xp_client_environment((char **)base, "/r/s", ":3");

	assert_string_equal(g_environ_getenv(environment, "DISPLAY"), ":3");
	assert_string_equal(g_environ_getenv(environment, "PATH"), "/nonexistent");
	assert_string_equal(g_environ_getenv(environment, "XPRA_USER_CONF_DIRS"), "/r/s/xpra");
	assert_null(g_environ_getenv(environment, "WAYLAND_DISPLAY"));
	assert_string_equal(g_environ_getenv(environment, "DBUS_SESSION_BUS_ADDRESS"),
			    "unix:path=/r/bus");
	/* xpra counts in milliseconds, in an unsigned int, after adding 10 s. */
	guint64 seconds =
		g_ascii_strtoull(g_environ_getenv(environment, "XPRA_SOCKET_TIMEOUT"), NULL, 10);
	assert_true(seconds > 86400 && (seconds + 10) * 1000 < G_MAXUINT);
}

static void client_restarts_ever_later(void **state)
{
	assert_int_equal(xp_client_restart_delay(0), 0);
	assert_true(xp_client_restart_delay(1) < xp_client_restart_delay(2));
	assert_int_equal(xp_client_restart_delay(1000), xp_client_restart_delay(1001));
}

static GArray *make_monitors(const XRectangle *rectangles, guint count)
{
	GArray *monitors = g_array_new(FALSE, FALSE, sizeof(XRectangle));

	return g_array_append_vals(monitors, rectangles, count);
}

static void places_are_kept_on_the_screen(void **state)
{
	const XRectangle whole = { 0, 0, 1000, 800 };
	g_autoptr(GArray) screen = make_monitors(&whole, 1);
	XpPlace inside = { .x = 10, .y = 20, .width = 100, .height = 100 };
	XpPlace half = { .x = -50, .y = 700, .width = 100, .height = 100 };
	XpPlace outside = { .x = 3000, .y = -200, .width = 100, .height = 100 };
	XpPlace there = { .width = 100, .height = 100, .workspace = 3 };
	XpPlace nowhere = { .width = 100, .height = 100, .workspace = 4 };
	XpPlace everywhere = { .width = 100, .height = 100, .workspace = XP_WORKSPACE_ALL };

	xp_placement_fit(&inside, screen, 4);
	assert_int_equal(inside.x, 10);
	assert_int_equal(inside.y, 20);
	xp_placement_fit(&half, screen, 4);
	assert_int_equal(half.x, -50);
	assert_int_equal(half.y, 700);
	xp_placement_fit(&outside, screen, 4);
	assert_int_equal(outside.x, 900);
	assert_int_equal(outside.y, 0);
	xp_placement_fit(&there, screen, 4);
	assert_int_equal(there.workspace, 3);
	xp_placement_fit(&nowhere, screen, 4);
	assert_int_equal(nowhere.workspace, XP_WORKSPACE_UNKNOWN);
	xp_placement_fit(&everywhere, screen, 4);
	assert_int_equal(everywhere.workspace, XP_WORKSPACE_ALL);
}

static void check_place(const GArray *monitors, int x, int y, int wanted_x, int wanted_y)
{
	XpPlace place = { .x = x, .y = y, .width = 400, .height = 300 };

	xp_placement_fit(&place, monitors, 1);
	assert_int_equal(place.x, wanted_x);
	assert_int_equal(place.y, wanted_y);
}

/* A large one on the left, a small one on the right, nothing below that. */
static void places_are_kept_on_a_monitor(void **state)
{
	const XRectangle rectangles[] = { { 0, 0, 2560, 1440 }, { 2560, 0, 1920, 1080 } };
	g_autoptr(GArray) monitors = make_monitors(rectangles, G_N_ELEMENTS(rectangles));

	check_place(monitors, 2600, 700, 2600, 700);
	check_place(monitors, 2400, 1000, 2400, 1000);
	check_place(monitors, 2600, 1100, 2600, 780);
	check_place(monitors, 2570, 1300, 2160, 1300);
	check_place(monitors, 5000, 100, 4080, 100);
	check_place(monitors, -900, 2000, 0, 1140);
}

static void check_colours(int bits, guint32 odd_pixel, gboolean expected)
{
	guint32 pixels[12] = { 0 };
	XImage image = {
		.width = 4,
		.height = bits == 32 ? 3 : 6,
		.format = ZPixmap,
		.data = (char *)pixels,
		.byte_order = LSBFirst,
		.bitmap_bit_order = LSBFirst,
		.bitmap_unit = 32,
		.bitmap_pad = 32,
		.depth = bits == 32 ? 24 : 16,
		.bits_per_pixel = bits,
	};

	image.bytes_per_line = 4 * bits / 8;
	assert_true(XInitImage(&image));
	pixels[11] = odd_pixel;
	assert_int_equal(xp_content_has_colours(&image), expected);
}

static void colours_are_found(void **state)
{
	check_colours(32, 0, FALSE);
	check_colours(32, 0x00000100, TRUE);
	check_colours(32, 0xff000000, FALSE);
	check_colours(16, 0, FALSE);
	check_colours(16, 0x00010000, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_survives_the_file),
		cmocka_unit_test(layout_matches_by_id_before_title),
		cmocka_unit_test(layout_forgets_closed_windows),
		cmocka_unit_test(layout_retains_what_is_shown),
		cmocka_unit_test(bad_layouts_are_refused),
		cmocka_unit_test(layout_is_saved_also_when_there_is_none),
		cmocka_unit_test(status_survives_the_file),
		cmocka_unit_test(no_viewer),
		cmocka_unit_test(client_command),
		cmocka_unit_test(client_waits_and_keeps_out_of_the_home),
		cmocka_unit_test(client_restarts_ever_later),
		cmocka_unit_test(places_are_kept_on_the_screen),
		cmocka_unit_test(places_are_kept_on_a_monitor),
		cmocka_unit_test(colours_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
