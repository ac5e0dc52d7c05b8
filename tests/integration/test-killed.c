/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power fails: everything is killed without warning. What was saved last comes back. With the
 * settings for hosts and disks on which memory can be neither copied nor mapped while programs run.
 */
#include <signal.h>
#include <stdlib.h>

#include "scene.h"
#include "tests/harness/story.h"
#include "tests/harness/supervise.h"

static struct {
	struct person person;
	struct scene scene;
	struct scene_facts saved, after;
	char *saved_text;
} story;

static void test_save_and_work_on(void **state)
{
	person_set_saves(&story.person, "short-pause=no\nquick-thaw=no\n");
	scene_start(&story.scene, &story.person, "work");
	scene_look(&story.scene, &story.saved);
	vksession_ok(&story.person, "save", "work");
	story.saved_text = g_strdup(story.scene.text);
	scene_type(&story.scene, "This came after the save.");
	scene_assert_text(&story.scene);
	story_step_done();
}

static void test_kill_everything(void **state)
{
	g_autoptr(GArray) started = list_started();
	g_autoptr(JsonNode) info = NULL;

	for (guint i = 0; i < started->len; i++)
		kill(g_array_index(started, struct process_info, i).pid, SIGKILL);
	assert_nothing_runs(&story.person);
	person_new_desktop(&story.person);
	info = session_info(&story.person, "work");
	assert_string_equal(json_text(info, "state"), "crashed");
	assert_int_equal(json_int(info, "last_save"), 1);
	story_step_done();
}

static void test_last_save_is_back(void **state)
{
	vksession_ok(&story.person, "thaw", "--wait", "work");
	g_free(story.scene.text);
	story.scene.text = g_strdup(story.saved_text);
	scene_look(&story.scene, &story.after);
	scene_assert_processes(&story.saved, &story.after);
	scene_assert_worker(&story.saved, &story.after);
	scene_assert_windows(&story.scene);
	scene_assert_text(&story.scene);
	scene_assert_counter(&story.scene, &story.saved);
	scene_assert_scrollback(&story.scene);
	scene_assert_commit(&story.scene);
	story_step_done();
}

/* The same save again: one thaw has not used it up. */
static void test_save_serves_twice(void **state)
{
	vksession_ok(&story.person, "stop", "work");
	vksession_ok(&story.person, "verify", "work");
	vksession_ok(&story.person, "thaw", "--wait", "--save", "1", "work");
	scene_assert_windows(&story.scene);
	scene_assert_text(&story.scene);
	vksession_ok(&story.person, "stop", "work");
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_save_and_work_on),
	STORY_STEP(test_kill_everything),
	STORY_STEP(test_last_save_is_back),
	STORY_STEP(test_save_serves_twice),
};

static void end(void)
{
	scene_facts_clear(&story.saved);
	scene_facts_clear(&story.after);
	scene_clear(&story.scene);
	g_free(story.saved_text);
}

STORY_MAIN("killed", story.person, steps, 300, .end = end)
