/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One session is shown, detached and shown again in turn, each test leaving no viewer behind.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <X11/Xlib.h>
#include <cmocka.h>
#include <glib/gstdio.h>

#include "tests/harness/picture.h"
#include "tests/harness/process.h"
#include "tests/harness/wait.h"
#include "tests/harness/windows.h"
#include "tests/xproxy/stage.h"
#include "xproxy/layout.h"

static struct stage stage;

static void attach(const struct xserver *x, const char *layout)
{
	g_autoptr(GError) error = NULL;

	if (!xp_viewer_start(stage.dir, "test", x->name, NULL, layout, stage.log_path, &error))
		fail_msg("%s", error->message);
	if (!xp_viewer_wait_drawn(stage.dir, STAGE_MS, &error))
		fail_msg("%s", error->message);
}

static void detach(void)
{
	g_autoptr(GError) error = NULL;

	if (!xp_viewer_stop(stage.dir, STAGE_MS, &error))
		fail_msg("%s", error->message);
	assert_null(xp_viewer_get_status(stage.dir));
}

static const XpWindow *shown_xterm(const XpViewerStatus *status)
{
	const XpWindow *window = status->windows->len == 1 ? status->windows->pdata[0] : NULL;

	return window && window->drawn && !strcmp(window->wm_class, "XTerm") ? window : NULL;
}

struct position {
	int x, y;
};

static bool xterm_is_at(const XpViewerStatus *status, void *data)
{
	const struct position *position = data;
	const XpWindow *window = shown_xterm(status);

	return window && window->x == position->x && window->y == position->y;
}

static void wait_xterm_at(int x, int y)
{
	struct position position = { x, y };

	stage_wait_status(&stage, xterm_is_at, &position);
}

struct move {
	Display *display;
	struct position to;
};

/* The viewer has the last word on a window until it has settled, and only then notes its place. */
static bool xterm_has_settled(const XpViewerStatus *status, void *data)
{
	const XpWindow *window = shown_xterm(status);

	return window && window->settled;
}

static void wait_xterm_settled(void)
{
	stage_wait_status(&stage, xterm_has_settled, NULL);
}

/* Moves again if it is not there: a window manager may come in between. */
static bool is_moved(const XpViewerStatus *status, void *data)
{
	const struct move *move = data;
	const XpWindow *window = shown_xterm(status);

	if (!window)
		return false;
	if (window->x == move->to.x && window->y == move->to.y)
		return true;
	XMoveWindow(move->display, (Window)window->xid, move->to.x, move->to.y);
	XFlush(move->display);
	return false;
}

static void move_xterm(const struct xserver *x, int to_x, int to_y)
{
	struct move move = { XOpenDisplay(x->name), { to_x, to_y } };

	assert_non_null(move.display);
	wait_xterm_settled();
	stage_wait_status(&stage, is_moved, &move);
	XCloseDisplay(move.display);
}

static void stack_tells_what_it_does(void **state)
{
	g_autofree char *display =
		g_strdup_printf("display %s XAUTHORITY=%s/Xauthority", stage.display, stage.dir);
	g_autofree char *ready = g_strdup_printf("\nready %s/xpra.sock\n", stage.dir);

	assert_true(g_str_has_prefix(stage.announcements, display));
	assert_true(g_str_has_suffix(stage.announcements, ready));
}

static void session_is_shown_on_a_bare_display(void **state)
{
	g_autoptr(XpViewerStatus) status = NULL;
	g_autoptr(GError) error = NULL;
	struct xserver x;

	bare_xserver_start(&x, stage.log);
	attach(&x, NULL);
	wait_xterm_at(100, 150);
	status = xp_viewer_get_status(stage.dir);
	assert_string_equal(status->display, x.name);
	assert_true(status->connected_us > status->started_us);
	assert_true(status->first_drawn_us >= status->connected_us);
	assert_string_equal(shown_xterm(status)->title, "stage");
	assert_false(
		xp_viewer_start(stage.dir, "test", x.name, NULL, NULL, stage.log_path, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS));
	detach();
	bare_xserver_stop(&x);
}

static bool came_back(const XpViewerStatus *status, void *data)
{
	return status->restarts > 0 && shown_xterm(status);
}

static bool thumbnail_is_there(void *data)
{
	return g_access(data, F_OK) == 0;
}

/* A window of somebody else, of one colour, over all the screen. */
static void cover(Display *display, gulong colour)
{
	XSetWindowAttributes attributes = { .override_redirect = True, .background_pixel = colour };
	Window window = XCreateWindow(display, DefaultRootWindow(display), 0, 0, 1280, 800, 0,
				      CopyFromParent, InputOutput, CopyFromParent,
				      CWOverrideRedirect | CWBackPixel, &attributes);

	XMapRaised(display, window);
	XSync(display, False);
}

/* White with a few letters, all of it, whatever lies over it; and nothing else. */
static void thumbnail_shows_what_is_covered(void **state)
{
	g_autofree char *path = g_build_filename(stage.dir, "thumbnail.png", NULL);
	g_auto(Picture) picture = { 0 };
	struct xserver x;
	GStatBuf status;
	Display *display;
	guint white;

	bare_xserver_start(&x, stage.log);
	attach(&x, NULL);
	wait_xterm_at(100, 150);
	assert_int_not_equal(g_access(path, F_OK), 0);
	display = XOpenDisplay(x.name);
	assert_non_null(display);
	cover(display, 0xff0000);
	xp_viewer_request_thumbnail(stage.dir);
	assert_true(wait_until(thumbnail_is_there, path, -1, STAGE_MS));
	assert_true(picture_read(path, &picture));
	assert_int_equal(g_stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_true(picture.width <= 320 && picture.height <= 200);
	assert_true(picture.width == 320 || picture.height == 200);
	assert_int_equal(picture_count(&picture, 0xff0000), 0);
	white = picture_count(&picture, 0xffffff);
	assert_in_range(white, picture.width * picture.height / 2,
			picture.width * picture.height - 10);
	XCloseDisplay(display);
	detach();
	bare_xserver_stop(&x);
}

/* One that is asked for before the viewer is told to end is made before it ends. */
static void thumbnail_is_made_before_the_end(void **state)
{
	g_autofree char *path = g_build_filename(stage.dir, "thumbnail.png", NULL);
	struct xserver x;

	bare_xserver_start(&x, stage.log);
	attach(&x, NULL);
	assert_int_equal(g_unlink(path), 0);
	xp_viewer_request_thumbnail(stage.dir);
	detach();
	assert_int_equal(g_access(path, F_OK), 0);
	/* And nobody is harmed by one that nobody can make. */
	xp_viewer_request_thumbnail(stage.dir);
	bare_xserver_stop(&x);
}

struct whereabouts {
	int workspace;
	bool hidden;
};

static bool xterm_is_on(const XpViewerStatus *status, void *data)
{
	const XpWindow *window = status->windows->len == 1 ? status->windows->pdata[0] : NULL;
	const struct whereabouts *wanted = data;

	return window && window->workspace == wanted->workspace && window->hidden == wanted->hidden;
}

static void wait_xterm_on(int workspace, bool hidden)
{
	struct whereabouts wanted = { workspace, hidden };

	stage_wait_status(&stage, xterm_is_on, &wanted);
}

/* A request to the window manager as a pager makes it (EWMH). window None: about the root window */
static void ask_manager(const struct xserver *x, const char *what, Window window, long value)
{
	Display *display = XOpenDisplay(x->name);
	Window root;
	XEvent event = { .xclient = { .type = ClientMessage, .format = 32 } };

	assert_non_null(display);
	root = DefaultRootWindow(display);
	event.xclient.window = window ? window : root;
	event.xclient.message_type = XInternAtom(display, what, False);
	event.xclient.data.l[0] = value;
	XSendEvent(display, root, False, SubstructureNotifyMask | SubstructureRedirectMask, &event);
	XCloseDisplay(display);
}

static void send_xterm_to_workspace(const struct xserver *x, int workspace)
{
	g_autoptr(XpViewerStatus) status = NULL;

	wait_xterm_settled();
	status = xp_viewer_get_status(stage.dir);
	ask_manager(x, "_NET_WM_DESKTOP", shown_xterm(status)->xid, workspace);
	wait_xterm_on(workspace, true);
}

/* A window that was on the third workspace is there on the next desktop, and where it was on it. */
static void workspaces_are_kept_between_displays(void **state)
{
	struct xserver x;

	xserver_start(&x, stage.log);
	attach(&x, NULL);
	wait_xterm_at(222, 333);
	send_xterm_to_workspace(&x, 2);
	detach();
	xserver_stop(&x);

	for (int i = 0; i < 2; i++) {
		xserver_start(&x, stage.log);
		attach(&x, NULL);
		wait_xterm_on(2, true);
		ask_manager(&x, "_NET_CURRENT_DESKTOP", None, 2);
		wait_xterm_at(222, 333);
		wait_xterm_on(2, false);
		detach();
		xserver_stop(&x);
	}
}

static void killed_client_comes_back(void **state)
{
	g_autoptr(XpViewerStatus) status = NULL;
	struct xserver x;

	bare_xserver_start(&x, stage.log);
	attach(&x, NULL);
	status = xp_viewer_get_status(stage.dir);
	assert_int_equal(kill(status->client_pid, SIGKILL), 0);
	stage_wait_status(&stage, came_back, NULL);
	wait_xterm_at(100, 150);
	detach();
	bare_xserver_stop(&x);
}

static void killed_server_comes_back(void **state)
{
	struct xserver x;

	bare_xserver_start(&x, stage.log);
	attach(&x, NULL);
	assert_int_equal(kill(child_named(stage.stack, "python3"), SIGKILL), 0);
	stage_wait_status(&stage, came_back, NULL);
	wait_xterm_at(100, 150);
	detach();
	bare_xserver_stop(&x);
}

static void positions_are_kept_between_displays(void **state)
{
	struct xserver x;

	xserver_start(&x, stage.log);
	attach(&x, NULL);
	wait_xterm_at(100, 150);
	detach();
	xserver_stop(&x);

	bare_xserver_start(&x, stage.log);
	attach(&x, NULL);
	wait_xterm_at(100, 150);
	move_xterm(&x, 222, 333);
	detach();
	bare_xserver_stop(&x);

	for (int i = 0; i < 2; i++) {
		xserver_start(&x, stage.log);
		attach(&x, NULL);
		wait_xterm_at(222, 333);
		detach();
		xserver_stop(&x);
	}
}

static bool layout_has(const char *path, int x, int y)
{
	g_autoptr(XpLayout) layout = xp_layout_read(path, NULL);
	const XpPlace *place = layout && layout->places->len == 1 ? layout->places->pdata[0] : NULL;

	return place && place->x == x && place->y == y;
}

static void move_at_once(Display *display, guint64 xid, int x, int y)
{
	XMoveWindow(display, (Window)xid, x, y);
	XSync(display, False);
}

static bool is_noted_since(const XpViewerStatus *status, void *data)
{
	return status->noted_us >= *(gint64 *)data;
}

/* As soon as it is there: the viewer has not had the time to tell by itself. */
static void layout_is_of_its_moment(void **state)
{
	g_autofree char *path = g_build_filename(stage.dir, "saved.json", NULL);
	g_autoptr(XpViewerStatus) status = NULL;
	Display *display;
	struct xserver x;

	bare_xserver_start(&x, stage.log);
	attach(&x, NULL);
	wait_xterm_at(222, 333);
	move_xterm(&x, 200, 300);
	status = xp_viewer_get_status(stage.dir);
	display = XOpenDisplay(x.name);
	assert_non_null(display);
	for (int i = 1; i <= 10; i++) {
		gint64 began = g_get_monotonic_time();

		move_at_once(display, shown_xterm(status)->xid, 200 + i, 300 - i);
		assert_true(xp_layout_save(stage.dir, path, NULL));
		assert_true(layout_has(path, 200 + i, 300 - i));
		stage_wait_status(&stage, is_noted_since, &began);
	}
	/* One that does not answer is not waited for: what it has told before is as good. */
	kill(status->viewer_pid, SIGSTOP);
	assert_true(xp_layout_save(stage.dir, path, NULL));
	assert_true(layout_has(path, 210, 290));
	kill(status->viewer_pid, SIGCONT);
	/* And it is noted at the end. */
	move_at_once(display, shown_xterm(status)->xid, 222, 333);
	detach();
	assert_true(xp_layout_save(stage.dir, path, NULL));
	assert_true(layout_has(path, 222, 333));
	XCloseDisplay(display);
	bare_xserver_stop(&x);
}

/* A size that xterm can have: 66 columns, 22 rows. One between them would last until the guest's
   side has heard of it, and then be made to fit. */
#define GIVEN_WIDTH  (4 + 66 * 6)
#define GIVEN_HEIGHT (4 + 22 * 13)

static void write_layout(const char *path, int x, int y)
{
	g_autofree char *text = g_strdup_printf(
		"{\"version\": 1, \"windows\": [{\"guest_xid\": 1, \"wm_class\": \"XTerm\", "
		"\"title\": \"stage\", \"x\": %d, \"y\": %d, \"width\": %d, \"height\": %d}]}",
		x, y, GIVEN_WIDTH, GIVEN_HEIGHT);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void check_layout_given(void (*start)(struct xserver *, int), void (*stop)(struct xserver *),
			       int to_x, int to_y)
{
	g_autofree char *path = g_build_filename(stage.dir, "given.json", NULL);
	g_autoptr(XpViewerStatus) status = NULL;
	struct xserver x;

	write_layout(path, to_x, to_y);
	start(&x, stage.log);
	attach(&x, path);
	wait_xterm_at(to_x, to_y);
	status = xp_viewer_get_status(stage.dir);
	assert_int_equal(shown_xterm(status)->width, GIVEN_WIDTH);
	assert_int_equal(shown_xterm(status)->height, GIVEN_HEIGHT);
	detach();
	stop(&x);
}

static void layout_given_is_restored(void **state)
{
	check_layout_given(bare_xserver_start, bare_xserver_stop, 410, 120);
	check_layout_given(xserver_start, xserver_stop, 300, 77);
}

static void dead_display_detaches(void **state)
{
	g_autofree char *path = g_build_filename(stage.dir, "saved.json", NULL);
	g_autofree char *text = NULL;
	struct xserver x;

	bare_xserver_start(&x, stage.log);
	attach(&x, NULL);
	wait_xterm_at(300, 77);
	move_xterm(&x, 60, 70);
	assert_true(xp_layout_save(stage.dir, path, NULL));
	kill(x.server, SIGKILL);
	bare_xserver_stop(&x);
	stage_wait_no_viewer(&stage);
	assert_true(xp_layout_save(stage.dir, path, NULL));
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_non_null(strstr(text, "XTerm"));
}

static void display_must_exist(void **state)
{
	g_autoptr(GError) error = NULL;
	guint width, height;

	assert_false(
		xp_viewer_start(stage.dir, "test", ":64999", NULL, NULL, stage.log_path, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
	assert_non_null(strstr(error->message, ":64999"));
	g_clear_error(&error);
	assert_false(xp_display_size(":64999", &width, &height, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
}

static void other_viewer_takes_over(void **state)
{
	g_autofree char *address = g_strdup_printf("socket://%s/xpra.sock", stage.dir);
	g_auto(GStrv) environment = NULL;
	struct xserver x;
	pid_t other;

	bare_xserver_start(&x, stage.log);
	attach(&x, NULL);
	environment = g_environ_setenv(g_get_environ(), "DISPLAY", x.name, TRUE);
	environment = g_environ_setenv(environment, "HOME", stage.dir, TRUE);
	environment =
		g_environ_setenv(environment, "DBUS_SESSION_BUS_ADDRESS", "unix:path=/", TRUE);
	environment = g_environ_setenv(environment, "NO_AT_BRIDGE", "1", TRUE);
	other = start_process((const char *const[]){ "/usr/bin/python3", "-I", "/usr/bin/xpra",
						     "attach", address, NULL },
			      environment, -1, stage.log);
	stage_wait_no_viewer(&stage);
	stop_process(other);
	bare_xserver_stop(&x);
}

static void viewer_ends_with_the_session(void **state)
{
	struct xserver x;

	bare_xserver_start(&x, stage.log);
	attach(&x, NULL);
	stop_process(stage.stack);
	stage.stack = 0;
	stage_wait_no_viewer(&stage);
	bare_xserver_stop(&x);
}

static int set_up(void **state)
{
	stage_set(&stage);
	return 0;
}

static int tear_down(void **state)
{
	stage_clear(&stage);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stack_tells_what_it_does),
		cmocka_unit_test(session_is_shown_on_a_bare_display),
		cmocka_unit_test(killed_client_comes_back),
		cmocka_unit_test(killed_server_comes_back),
		cmocka_unit_test(thumbnail_shows_what_is_covered),
		cmocka_unit_test(thumbnail_is_made_before_the_end),
		cmocka_unit_test(positions_are_kept_between_displays),
		cmocka_unit_test(layout_is_of_its_moment),
		cmocka_unit_test(workspaces_are_kept_between_displays),
		cmocka_unit_test(layout_given_is_restored),
		cmocka_unit_test(dead_display_detaches),
		cmocka_unit_test(display_must_exist),
		cmocka_unit_test(other_viewer_takes_over),
		cmocka_unit_test(viewer_ends_with_the_session),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
