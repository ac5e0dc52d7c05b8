/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session has for itself is that of the save that is thawed: a private directory, in which a
 * program keeps what it also has in memory. The host's own directory is never touched.
 */
#include <signal.h>
#include <stdlib.h>

#include "tests/harness/story.h"
#include "tests/harness/supervise.h"

#define SESSION "work"

static struct {
	struct person person;
	char *profile; /* the private directory */
} story;

static char *in_profile(const char *name)
{
	return g_build_filename(story.profile, name, NULL);
}

static void write_on_host(const char *name, const char *text)
{
	g_autofree char *path = in_profile(name);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void write_in_guest(const char *name, const char *text)
{
	g_autofree char *path = in_profile(name);

	vksession_ok(&story.person, "exec", SESSION, "--", "sh", "-c", "echo \"$1\" >\"$2\"", "sh",
		     text, path);
}

static void assert_in_guest(const char *name, const char *expected)
{
	g_autofree char *path = in_profile(name);
	g_autofree char *text = vksession_output(&story.person, "exec", SESSION, "--", "cat", path);

	assert_string_equal(g_strchomp(text), expected);
}

/* It runs, as its count goes on, and has found no difference to what it has in memory. */
static void assert_ledger_agrees(void)
{
	g_autofree char *book = in_profile("ledger");

	vksession_ok(&story.person, "exec", SESSION, "--", "sh", "-c",
		     "before=$(cat \"$1\"); while test ! -e \"$1.wrong\" -a "
		     "\"$(cat \"$1\")\" = \"$before\"; do :; done; ! cat \"$1.wrong\"",
		     "sh", book);
}

static void assert_host_untouched(const char *seed)
{
	g_autofree char *path = in_profile("seed");
	g_autofree char *text = NULL;
	g_autoptr(GDir) dir = g_dir_open(story.profile, 0, NULL);
	guint names = 0;

	assert_non_null(dir);
	while (g_dir_read_name(dir))
		names++;
	assert_int_equal(names, 1);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text, seed);
}

static void test_starts_with_a_copy(void **state)
{
	g_autofree char *ledger = guest_program("ledger.py");
	g_autofree char *book = NULL;

	story.profile = person_path(&story.person, "profile");
	book = in_profile("ledger");
	assert_int_equal(g_mkdir_with_parents(story.profile, 0700), 0);
	write_on_host("seed", "of the host");
	vksession_ok(&story.person, "run", "-s", SESSION, "--detach", "--no-network", "--private",
		     story.profile, "--", ledger, book);
	assert_in_guest("seed", "of the host");
	write_on_host("seed", "of the host, later");
	assert_in_guest("seed", "of the host");
	story_step_done();
}

static void test_goes_back_with_memory(void **state)
{
	g_autoptr(JsonNode) saves = NULL;

	write_in_guest("note", "one");
	assert_ledger_agrees();
	vksession_ok(&story.person, "save", SESSION);
	write_in_guest("note", "two");
	vksession_ok(&story.person, "rollback", "--detach", SESSION, "1");
	assert_in_guest("note", "one");
	assert_ledger_agrees();
	assert_host_untouched("of the host, later");
	saves = vksession_json(&story.person, "saves", "--json", SESSION);
	assert_string_equal(
		json_array_get_string_element(
			json_object_get_array_member(
				json_array_get_object_element(json_node_get_array(saves), 0),
				"private"),
			0),
		story.profile);
	story_step_done();
}

static void test_comes_back_when_killed(void **state)
{
	write_in_guest("note", "three");
	vksession_ok(&story.person, "save", SESSION);
	write_in_guest("note", "four");
	assert_int_equal(kill(session_vkernel(&story.person, SESSION), SIGKILL), 0);
	vksession_ok(&story.person, "thaw", "--detach", SESSION);
	assert_in_guest("note", "three");
	assert_ledger_agrees();
	assert_host_untouched("of the host, later");
	vksession_ok(&story.person, "stop", SESSION);
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_starts_with_a_copy),
	STORY_STEP(test_goes_back_with_memory),
	STORY_STEP(test_comes_back_when_killed),
};

static void end(void)
{
	g_free(story.profile);
}

STORY_MAIN("epoch", story.person, steps, 250, .end = end)
