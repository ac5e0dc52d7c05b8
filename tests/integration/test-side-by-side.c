/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sessions at once know nothing of each other: one is thawed while the other runs. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scene.h"
#include "tests/harness/story.h"

static struct {
	struct person person;
	struct scene scene;
	struct scene_facts before, after;
} story;

/* What the other session's terminal last printed. */
static gint64 other_count(void)
{
	g_autofree char *text =
		vksession_output(&story.person, "exec", "other", "--", "cat", "/tmp/count");

	return g_ascii_strtoll(text, NULL, 10);
}

static void test_start_two(void **state)
{
	g_autofree char *counter = guest_program("counter.sh");
	g_autofree char *host_one = NULL;
	g_autofree char *host_two = NULL;

	scene_start(&story.scene, &story.person, "work");
	vksession_ok(&story.person, "run", "-s", "other", "--", "xterm", "-title", "the other",
		     "-e", counter, "/tmp/count");
	assert_true(window_wait(&story.person.x, "the other", NULL, 90000));
	host_one = vksession_output(&story.person, "exec", "work", "--", "uname", "-n");
	host_two = vksession_output(&story.person, "exec", "other", "--", "uname", "-n");
	assert_string_not_equal(host_one, host_two);
	assert_int_not_equal(session_vkernel(&story.person, "work"),
			     session_vkernel(&story.person, "other"));
	story_step_done();
}

/* Fails for each TCP socket of this user that listens on the host. */
static void assert_no_listener(const char *table)
{
	char line[512];
	FILE *file = fopen(table, "re");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		unsigned int state, uid;

		if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s %u", &state, &uid) == 2)
			assert_false(state == TCP_LISTEN && uid == getuid());
	}
	fclose(file);
}

static void test_nobody_else_can_connect(void **state)
{
	g_autofree char *control =
		g_build_filename(story.person.runtime, "vksession", "work", "control.sock", NULL);
	g_autofree char *dir = g_path_get_dirname(control);
	struct stat st;

	assert_no_listener("/proc/net/tcp");
	assert_no_listener("/proc/net/tcp6");
	assert_return_code(stat(dir, &st), errno);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_return_code(stat(control, &st), errno);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0077, 0);
	story_step_done();
}

static void test_one_ends_the_other_runs(void **state)
{
	gint64 count = other_count();
	pid_t vkernel = session_vkernel(&story.person, "other");
	g_autoptr(JsonNode) info = NULL;

	scene_look(&story.scene, &story.before);
	vksession_ok(&story.person, "save", "--stop", "work");
	assert_true(window_wait(&story.person.x, "the other", NULL, 1000));
	assert_true(other_count() > count);
	assert_int_equal(session_vkernel(&story.person, "other"), vkernel);
	info = session_info(&story.person, "work");
	assert_string_equal(json_text(info, "state"), "saved");
	story_step_done();
}

static void test_thaw_beside_the_other(void **state)
{
	gint64 count = other_count();
	pid_t vkernel = session_vkernel(&story.person, "other");

	vksession_ok(&story.person, "thaw", "--wait", "work");
	scene_look(&story.scene, &story.after);
	scene_assert_processes(&story.before, &story.after);
	scene_assert_worker(&story.before, &story.after);
	scene_assert_windows(&story.scene);
	scene_assert_text(&story.scene);
	assert_true(window_wait(&story.person.x, "the other", NULL, 1000));
	assert_true(other_count() > count);
	assert_int_equal(session_vkernel(&story.person, "other"), vkernel);
	story_step_done();
}

static void test_end(void **state)
{
	vksession_ok(&story.person, "stop", "other");
	scene_assert_counter(&story.scene, &story.after);
	vksession_ok(&story.person, "stop", "work");
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start_two),
	STORY_STEP(test_nobody_else_can_connect),
	STORY_STEP(test_one_ends_the_other_runs),
	STORY_STEP(test_thaw_beside_the_other),
	STORY_STEP(test_end),
};

static void end(void)
{
	scene_facts_clear(&story.before);
	scene_facts_clear(&story.after);
	scene_clear(&story.scene);
}

STORY_MAIN("side-by-side", story.person, steps, 300, .end = end)
