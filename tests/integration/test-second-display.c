/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session that was left on one display is taken up on another, by will and by accident. */
#include <stdlib.h>

#include "scene.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"

static struct {
	struct person person;
	struct xserver first; /* the desktop that is not in use */
	struct scene scene;
	struct scene_facts before, after;
} story;

static void test_detach(void **state)
{
	g_autoptr(JsonNode) info = NULL;

	scene_start(&story.scene, &story.person, "work");
	vksession_fails(&story.person, 4, "work", "attach", "work");
	scene_look(&story.scene, &story.before);
	vksession_ok(&story.person, "detach", "work");
	assert_true(window_wait_none(&story.person.x, 10000));
	info = session_info(&story.person, "work");
	assert_string_equal(json_text(info, "state"), "running");
	assert_null(json_text(info, "display"));
	story_step_done();
}

static void assert_all_is_here(void)
{
	g_autoptr(JsonNode) info = session_info(&story.person, "work");

	assert_string_equal(json_text(info, "display"), story.person.x.name);
	scene_assert_windows(&story.scene);
	scene_assert_text(&story.scene);
	scene_look(&story.scene, &story.after);
	scene_assert_processes(&story.before, &story.after);
	scene_assert_worker(&story.before, &story.after);
	scene_assert_counter(&story.scene, &story.before);
}

static void test_attach_elsewhere(void **state)
{
	story.first = story.person.x;
	xserver_start(&story.person.x, story.person.log);
	assert_string_not_equal(story.first.name, story.person.x.name);
	person_setenv(&story.person, "DISPLAY", story.person.x.name);
	vksession_ok(&story.person, "attach", "work");
	assert_all_is_here();
	assert_true(window_wait_none(&story.first, 1000));
	story_step_done();
}

static bool nothing_is_shown(void *data)
{
	g_autoptr(JsonNode) info = session_info(&story.person, "work");

	return !json_text(info, "display");
}

/* The display dies under the viewer: the session does not, and is shown where the person is now. */
static void test_display_dies(void **state)
{
	struct xserver second = story.person.x;

	story.person.x = story.first;
	story.first = (struct xserver){ 0 };
	person_setenv(&story.person, "DISPLAY", story.person.x.name);
	xserver_kill(&second);
	assert_true(wait_until(nothing_is_shown, NULL, -1, 10000));
	vksession_ok(&story.person, "attach", "work");
	assert_all_is_here();
	story_step_done();
}

static void test_end(void **state)
{
	vksession_ok(&story.person, "stop", "work");
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_detach),
	STORY_STEP(test_attach_elsewhere),
	STORY_STEP(test_display_dies),
	STORY_STEP(test_end),
};

static void end(void)
{
	xserver_stop(&story.first);
	scene_facts_clear(&story.before);
	scene_facts_clear(&story.after);
	scene_clear(&story.scene);
}

STORY_MAIN("second-display", story.person, steps, 300, .end = end)
