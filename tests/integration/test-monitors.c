/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A desktop with two monitors and workspaces: windows come back on the monitor and workspace where
 * they were, and can all be reached when the monitor is not there any more. The tests are the steps
 * of one story, in this order.
 */
#include <string.h>

#include "scene.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"

#define FRAME_SLACK 40 /* pixels that a window manager's decoration may take */
#define WINDOW_MS   90000
#define WORKSPACE   2  /* the third */
#define REACHABLE   32 /* pixels of a window that must be on the screen */

static struct {
	struct person person;
	struct scene scene;
} story;

static void begin(void)
{
	story.person.two_monitors = true;
	person_new_desktop(&story.person);
}

static void test_start(void **state)
{
	g_autofree char *log = NULL;

	scene_start(&story.scene, &story.person, "work");
	/* Of the monitors that the viewer sees, the guest's xpra tells the names. */
	log = vksession_output(&story.person, "log", "work");
	assert_non_null(strstr(log, "DUMMY0"));
	assert_non_null(strstr(log, "DUMMY1"));
	story_step_done();
}

static void save_and_thaw(void)
{
	vksession_ok(&story.person, "save", "--stop", "work");
	assert_nothing_runs(&story.person);
	person_new_desktop(&story.person);
	vksession_ok(&story.person, "thaw", "--wait", "work");
}

/* Back on the workspace where it was put at last; from there on the first with it again. */
static void bring_terminal(void)
{
	const struct xserver *x = &story.person.x;
	struct window *terminal = &story.scene.terminal;
	struct window found;

	assert_true(workspace_show(x, WORKSPACE));
	assert_true(window_wait(x, "counter", &found, WINDOW_MS));
	assert_true(window_wait_workspace(x, &found, WORKSPACE));
	terminal->id = found.id;
	assert_true(window_wait_geometry(x, terminal, FRAME_SLACK, &found, 10000));
	/* The viewer may have made it anew by then. */
	terminal->id = found.id;
	assert_true(window_send_to_workspace(x, terminal, 0));
	assert_true(workspace_show(x, 0));
}

static void test_back_on_second_monitor(void **state)
{
	const struct xserver *x = &story.person.x;

	assert_true(window_place(x, &story.scene.terminal, SECOND_MONITOR_X + 20, 60, 496, 329));
	/* Its height differs by more than window_place() overlooks. */
	assert_true(window_place(x, &story.scene.editor, SECOND_MONITOR_X + 480, 410, 520, 300));
	assert_true(window_send_to_workspace(x, &story.scene.terminal, WORKSPACE));
	save_and_thaw();
	bring_terminal();
	scene_assert_windows(&story.scene);
	scene_type(&story.scene, "Here. ");
	scene_assert_text(&story.scene);
	story_step_done();
}

/* Wherever they are now. */
static void find_windows(void)
{
	const struct xserver *x = &story.person.x;

	assert_true(window_wait(x, "counter", &story.scene.terminal, WINDOW_MS));
	assert_true(window_wait(x, "Mousepad", &story.scene.editor, WINDOW_MS));
}

static void assert_reachable(const struct window *window)
{
	if (window->x > SECOND_MONITOR_X - REACHABLE || window->y < 0 ||
	    window->x + window->width < REACHABLE)
		fail_msg("the window '%s' is %dx%d at %d,%d", window->title, window->width,
			 window->height, window->x, window->y);
}

static void test_second_monitor_is_gone(void **state)
{
	story.person.two_monitors = false;
	save_and_thaw();
	find_windows();
	assert_reachable(&story.scene.terminal);
	assert_reachable(&story.scene.editor);
	scene_type(&story.scene, "There. ");
	scene_assert_text(&story.scene);
	story_step_done();
}

/* It is there again, the editor fills it, and the terminal is on the first. */
static void test_as_large_as_second_monitor(void **state)
{
	const struct xserver *x = &story.person.x;
	struct window *terminal = &story.scene.terminal, *editor = &story.scene.editor;
	struct window filled = { .x = SECOND_MONITOR_X,
				 .width = SECOND_MONITOR_WIDTH,
				 .height = SECOND_MONITOR_HEIGHT };

	story.person.two_monitors = true;
	save_and_thaw();
	find_windows();
	assert_true(window_place(x, terminal, 40, 60, 496, 329));
	assert_true(window_place(x, editor, SECOND_MONITOR_X + 100, 80, 520, 360));
	window_maximize(x, editor);
	filled.id = editor->id;
	assert_true(window_wait_geometry(x, &filled, FRAME_SLACK, editor, 10000));
	save_and_thaw();
	scene_assert_windows(&story.scene);
	scene_type(&story.scene, "Large. ");
	scene_assert_text(&story.scene);
	vksession_ok(&story.person, "stop", "work");
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_back_on_second_monitor),
	STORY_STEP(test_second_monitor_is_gone),
	STORY_STEP(test_as_large_as_second_monitor),
};

static void end(void)
{
	scene_clear(&story.scene);
}

STORY_MAIN("monitors", story.person, steps, 400, .begin = begin, .end = end)
