/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main job: a session is saved and ended, the desktop is gone, a new desktop comes, the session
 * is thawed, and everything is as it was. The tests are the steps of one story, in this order.
 */
#include <stdio.h>
#include <stdlib.h>

#include "scene.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"

#define SLEEP_S 15
#define DOWN_MS 3000 /* long enough to be told from a slow machine's delays */

static struct {
	struct person person;
	struct scene scene;
	struct scene_facts before, after;
	gint64 down_from_us, down_until_us;
} story;

static void test_start(void **state)
{
	scene_start(&story.scene, &story.person, "work");
	scene_assert_text(&story.scene);
	story_step_done();
}

static void start_sleeper(void)
{
	g_autofree char *sleeper = guest_program("sleeper.py");
	g_autofree char *result = person_path(&story.person, "slept");
	g_autofree char *asleep = person_path(&story.person, "slept.asleep");

	vksession_ok(&story.person, "run", "-s", "work", "--", sleeper, result,
		     G_STRINGIFY(SLEEP_S));
	assert_true(wait_for_file(asleep, NULL, 30000));
}

static void test_save_and_stop(void **state)
{
	g_autoptr(JsonNode) save = NULL;

	start_sleeper();
	scene_look(&story.scene, &story.before);
	save = vksession_json(&story.person, "save", "--stop", "--json", "work");
	story.down_from_us = g_get_monotonic_time();
	assert_int_equal(json_int(save, "save"), 1);
	assert_true(json_int(save, "memory_bytes") > 0);
	story_step_done();
}

static void test_nothing_is_left(void **state)
{
	g_autoptr(JsonNode) info = NULL;

	assert_nothing_runs(&story.person);
	info = session_info(&story.person, "work");
	assert_string_equal(json_text(info, "state"), "saved");
	story_step_done();
}

static void test_thaw_on_new_desktop(void **state)
{
	person_new_desktop(&story.person);
	let_time_pass(DOWN_MS);
	story.down_until_us = g_get_monotonic_time();
	vksession_ok(&story.person, "thaw", "--wait", "work");
	scene_look(&story.scene, &story.after);
	story_step_done();
}

static void test_same_processes(void **state)
{
	scene_assert_processes(&story.before, &story.after);
	story_step_done();
}

static void test_windows_are_back(void **state)
{
	scene_assert_windows(&story.scene);
	story_step_done();
}

static void test_unsaved_text_is_back(void **state)
{
	scene_assert_text(&story.scene);
	scene_type(&story.scene, "And more.");
	scene_assert_text(&story.scene);
	story_step_done();
}

static void test_counter_goes_on(void **state)
{
	scene_assert_counter(&story.scene, &story.before);
	scene_assert_scrollback(&story.scene);
	story_step_done();
}

static void test_threads_and_connection_go_on(void **state)
{
	struct scene_facts later = { 0 };

	scene_assert_worker(&story.before, &story.after);
	scene_look(&story.scene, &later);
	scene_assert_worker(&story.after, &later);
	assert_true(json_int(later.worker, "received") > json_int(story.after.worker, "received"));
	scene_facts_clear(&later);
	story_step_done();
}

static void test_clocks(void **state)
{
	scene_assert_clocks(&story.before, &story.after, story.down_until_us - story.down_from_us);
	story_step_done();
}

static void test_sleeper_wakes(void **state)
{
	g_autofree char *result = person_path(&story.person, "slept");
	g_autofree char *text = NULL;
	double slept;

	assert_true(wait_for_file(result, "\n", (SLEEP_S + 10) * 1000));
	assert_true(g_file_get_contents(result, &text, NULL, NULL));
	slept = g_ascii_strtod(text, NULL);
	printf("# asked to sleep %d s, slept %.3f s\n", SLEEP_S, slept);
	assert_true(slept >= SLEEP_S && slept < SLEEP_S + 2);
	story_step_done();
}

static void test_transaction_commits(void **state)
{
	scene_assert_commit(&story.scene);
	story_step_done();
}

static void test_end(void **state)
{
	vksession_ok(&story.person, "stop", "work");
	assert_nothing_runs(&story.person);
	vksession_fails(&story.person, 2, "--yes", "drop", "work");
	vksession_ok(&story.person, "drop", "--yes", "work");
	vksession_fails(&story.person, 3, "work", "saves", "work");
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_save_and_stop),
	STORY_STEP(test_nothing_is_left),
	STORY_STEP(test_thaw_on_new_desktop),
	STORY_STEP(test_same_processes),
	STORY_STEP(test_windows_are_back),
	STORY_STEP(test_unsaved_text_is_back),
	STORY_STEP(test_counter_goes_on),
	STORY_STEP(test_threads_and_connection_go_on),
	STORY_STEP(test_clocks),
	STORY_STEP(test_sleeper_wakes),
	STORY_STEP(test_transaction_commits),
	STORY_STEP(test_end),
};

static void end(void)
{
	scene_facts_clear(&story.before);
	scene_facts_clear(&story.after);
	scene_clear(&story.scene);
}

STORY_MAIN("main-job", story.person, steps, 400, .end = end)
