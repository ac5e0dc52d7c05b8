/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ten times in a row, live saves and stop and thaw in turn: all is kept each time, and the vkernel
 * grows neither in memory nor in descriptors. Live saves copy while the guest runs, and each other
 * thaw maps the memory: the other stories have neither.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/descriptors.h"
#include "scene.h"
#include "tests/harness/story.h"

#define CYCLES		  10
/* A guest's page cache and its short-lived processes make some of both come and go. */
#define DESCRIPTORS_SLACK 3
#define MEMORY_SLACK_KIB  (48 * 1024)

static struct {
	struct person person;
	struct scene scene;
	struct scene_facts first;
	gint64 descriptors[CYCLES], memory_kib[CYCLES];
} story;

static gint64 count_descriptors(pid_t pid)
{
	g_auto(GStrv) open = vk_descriptors(pid);

	return g_strv_length(open);
}

static void test_start(void **state)
{
	scene_start(&story.scene, &story.person, "again");
	scene_look(&story.scene, &story.first);
	story_step_done();
}

static void check_all(const struct scene_facts *before)
{
	struct scene_facts after = { 0 };

	scene_look(&story.scene, &after);
	scene_assert_processes(&story.first, &after);
	scene_assert_worker(before, &after);
	scene_assert_windows(&story.scene);
	scene_assert_text(&story.scene);
	scene_assert_counter(&story.scene, before);
	scene_facts_clear(&after);
}

static void set_quick_thaw(bool quick)
{
	vksession_ok(&story.person, "policy", "again", quick ? "quick-thaw=yes" : "quick-thaw=no");
}

static void one_cycle(guint i)
{
	g_autofree char *more = g_strdup_printf("%u. ", i + 1);
	struct scene_facts before = { 0 };
	pid_t vkernel;

	scene_type(&story.scene, more);
	scene_look(&story.scene, &before);
	if (i % 2 == 0) {
		vksession_ok(&story.person, "save", "again");
	} else {
		vksession_ok(&story.person, "save", "--stop", "again");
		set_quick_thaw(i % 4 == 1);
		vksession_ok(&story.person, "thaw", "--wait", "again");
	}
	check_all(&before);
	scene_facts_clear(&before);
	vkernel = session_vkernel(&story.person, "again");
	story.descriptors[i] = count_descriptors(vkernel);
	story.memory_kib[i] = (gint64)process_status(vkernel, "VmRSS");
	printf("# cycle %u: %" G_GINT64_FORMAT " descriptors, %" G_GINT64_FORMAT " KiB resident\n",
	       i + 1, story.descriptors[i], story.memory_kib[i]);
}

static void test_ten_cycles(void **state)
{
	for (guint i = 0; i < CYCLES; i++)
		one_cycle(i);
	scene_assert_scrollback(&story.scene);
	story_step_done();
}

/* The last cycle of each kind beside the second of its kind: by then all programs have settled. */
static void test_no_growth(void **state)
{
	for (guint kind = 0; kind < 2; kind++) {
		guint early = 2 + kind, late = CYCLES - 2 + kind;
		gint64 more_fds = story.descriptors[late] - story.descriptors[early];
		gint64 more_kib = story.memory_kib[late] - story.memory_kib[early];

		if (more_fds > DESCRIPTORS_SLACK)
			fail_msg("%" G_GINT64_FORMAT " more descriptors", more_fds);
		if (more_kib > MEMORY_SLACK_KIB)
			fail_msg("%" G_GINT64_FORMAT " KiB more memory", more_kib);
	}
	story_step_done();
}

static void test_all_saves_are_intact(void **state)
{
	g_autoptr(JsonNode) saves = vksession_json(&story.person, "verify", "--json", "again");
	JsonArray *array = json_node_get_array(saves);
	guint n = json_array_get_length(array);

	/* The policy keeps those of the last days, thinned; the newest is always one of them. */
	assert_true(n > 0);
	assert_int_equal(json_int(json_array_get_element(array, n - 1), "save"), CYCLES);
	vksession_ok(&story.person, "stop", "again");
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_ten_cycles),
	STORY_STEP(test_no_growth),
	STORY_STEP(test_all_saves_are_intact),
};

static void end(void)
{
	scene_facts_clear(&story.first);
	scene_clear(&story.scene);
}

STORY_MAIN("cycles", story.person, steps, 500, .end = end)
