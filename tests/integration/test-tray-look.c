/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tray's icon can be seen on light and dark panels: on one that knows status notifiers, and in
 * a tray of the old kind (XEmbed), where it has its menu, too. The tray goes from one to the next,
 * as when a panel is replaced. Pictures are kept with the tests' output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include <glib/gstdio.h>

#include "panel.h"
#include "popups.h"
#include "tests/harness/person.h"
#include "tests/harness/picture.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"
#include "tests/harness/windows.h"

#define WAIT_MS	 60000
#define SIZE	 26 /* of the panel's part where the icon is, in the upper left corner */
#define MIDDLE	 "13"
#define CONTRAST 96 /* steps of 256 that a pixel must differ from the panel's colour */
#define INK	 60 /* pixels of the icon that do */

static struct {
	struct person person;
	Display *display;
	pid_t settings, tray, panel;
} story;

#define START(...)                                                                                 \
	start_process((const char *const[]){ __VA_ARGS__, NULL }, story.person.environment, -1,    \
		      story.person.log)

static void run_tool(const char *const *argv)
{
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = {
		.argv = argv,
		.environment = story.person.environment,
		.timeout_ms = WAIT_MS,
	};

	run_process(&request, &result);
	if (result.status)
		fail_msg("%s %s: %s", argv[0], argv[1], result.err);
}
#define TOOL(...) run_tool((const char *const[]){ __VA_ARGS__, NULL })

static int brightness(const Picture *picture, guint x, guint y)
{
	const guint8 *pixel = picture->pixels + 4 * ((gsize)y * picture->width + x);

	return (pixel[0] * 30 + pixel[1] * 59 + pixel[2] * 11) / 100;
}

/* A picture of the screen, and what is to be seen on it. */
struct look {
	char *path;
	int from, until; /* brightness of the panel */
	int panel;
	guint ink; /* pixels that differ much from the panel's colour */
};

static bool icon_is_seen(void *data)
{
	struct look *look = data;
	g_auto(Picture) picture = { 0 };

	if (xserver_screenshot(&story.person.x, look->path) < 0 ||
	    !picture_read(look->path, &picture))
		return false;
	look->panel = brightness(&picture, 0, 0);
	look->ink = 0;
	for (guint y = 0; y < SIZE; y++)
		for (guint x = 0; x < SIZE; x++)
			look->ink += abs(brightness(&picture, x, y) - look->panel) >= CONTRAST;
	return look->panel >= look->from && look->panel <= look->until && look->ink >= INK &&
	       look->ink < SIZE * SIZE / 2;
}

static void assert_seen(const char *name, int from, int until)
{
	g_autofree char *path =
		g_strdup_printf("%s/tray-look-%s.png", g_getenv("VKSESSION_TEST_OUTPUT"), name);
	g_autofree char *dir = g_path_get_dirname(path);
	struct look look = { .path = path, .from = from, .until = until };

	assert_int_equal(g_mkdir_with_parents(dir, 0755), 0);
	if (!wait_until(icon_is_seen, &look, -1, WAIT_MS))
		fail_msg("%s: brightness of the panel %d, %u pixels that differ from it", path,
			 look.panel, look.ink);
}
#define ASSERT_DARK(name)  assert_seen(name, 0, 80)
#define ASSERT_LIGHT(name) assert_seen(name, 200, 255)

static void test_start(void **state)
{
	g_autofree char *bin = g_path_get_dirname(g_getenv("VKSESSION"));
	g_autofree char *prefix = g_path_get_dirname(bin);
	g_autofree char *dirs = g_strdup_printf("%s/share:/usr/local/share:/usr/share", prefix);
	g_autofree char *tray =
		g_build_filename(g_getenv("VKSESSION_LIBEXECDIR"), "vksession-tray", NULL);

	person_setenv(&story.person, "XDG_DATA_DIRS", dirs);
	story.display = XOpenDisplay(story.person.x.name);
	assert_non_null(story.display);
	panel_configure(&story.person);
	story.settings = START("/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd");
	TOOL("gdbus", "wait", "--session", "--timeout", "60", "org.xfce.Xfconf");
	story.tray = START(tray);
	story_step_done();
}

static void start_old_tray(const char *colour)
{
	story.panel = START("trayer", "--edge", "top", "--align", "left", "--widthtype", "request",
			    "--height", G_STRINGIFY(SIZE), "--transparent", "true", "--alpha", "0",
			    "--tint", colour);
}

static bool menu_is_open(void *data)
{
	XWindowAttributes last;

	return count_popups(story.display, MENU, &last) == 1;
}

static void test_old_tray(void **state)
{
	struct window window;

	start_old_tray("0xffffff");
	ASSERT_LIGHT("xembed-light");
	stop_process(story.panel);
	start_old_tray("0x000000");
	ASSERT_DARK("xembed-dark");
	TOOL("xdotool", "mousemove", MIDDLE, MIDDLE, "click", "1");
	assert_true(wait_until(menu_is_open, NULL, -1, WAIT_MS));
	TOOL("xdotool", "key", "v");
	assert_true(window_wait(&story.person.x, "Sessions", &window, WAIT_MS));
	stop_process(story.panel);
	story_step_done();
}

static void start_panel(const char *theme)
{
	person_setenv(&story.person, "GTK_THEME", theme);
	story.panel = START("xfce4-panel", "--disable-wm-check");
}

static void test_panel(void **state)
{
	start_panel("Adwaita:dark");
	ASSERT_DARK("panel-dark");
	stop_process(story.panel);
	start_panel("Adwaita");
	ASSERT_LIGHT("panel-light");
	stop_process(story.panel);
	stop_process(story.tray);
	stop_process(story.settings);
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_old_tray),
	STORY_STEP(test_panel),
};

STORY_MAIN("tray-look", story.person, steps, 200)
