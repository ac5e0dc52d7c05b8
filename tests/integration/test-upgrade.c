/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * While a session is frozen, a program of it and its library are replaced by other builds, and
 * documents that it has open are changed, replaced, deleted, moved, moved to another file system
 * and made unreadable. It goes on with the code that it had, and each document has a line in the
 * report.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/story.h"
#include "tests/harness/supervise.h"
#include "tests/harness/wait.h"

#define ANSWER_MS 60000

static struct {
	struct person person;
	char *program, *library, *docs;
	char *other; /* a directory on another file system */
} story;

static char *doc(const char *name)
{
	return g_build_filename(story.docs, name, NULL);
}

static void write_doc(const char *name, const char *text)
{
	g_autofree char *path = doc(name);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* As a package manager does it: beside, then renamed. */
static void install(const char *source, const char *target)
{
	g_autofree char *from = g_build_filename(g_getenv("VKSESSION_TEST_UPGRADE"), source, NULL);
	g_autofree char *beside = g_strconcat(target, ".dpkg-new", NULL);
	g_autofree char *content = NULL;
	gsize length = 0;

	assert_true(g_file_get_contents(from, &content, &length, NULL));
	assert_true(g_file_set_contents(beside, content, (gssize)length, NULL));
	assert_int_equal(chmod(beside, 0755), 0);
	assert_int_equal(rename(beside, target), 0);
}

static void test_freeze(void **state)
{
	static const char *const names[] = { "changed",	   "replaced",	"deleted", "moved",
					     "unreadable", "unchanged", "carried", "linked" };
	g_autofree char *ready = NULL;

	story.program = person_path(&story.person, "app-program");
	story.library = person_path(&story.person, "app-library.so");
	story.docs = person_path(&story.person, "docs");
	story.other = g_strdup("/dev/shm/vksession-test-XXXXXX");
	assert_non_null(g_mkdtemp(story.other));
	ready = doc("ready");
	assert_int_equal(g_mkdir_with_parents(story.docs, 0700), 0);
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		write_doc(names[i], "old");
	install("upgrade-program-old", story.program);
	install("upgrade-library-old.so", story.library);
	vksession_ok(&story.person, "run", "-s", "app", "--detach", "--", story.program,
		     story.library, story.docs);
	assert_true(wait_for_file(ready, "", ANSWER_MS));
	vksession_ok(&story.person, "save", "--stop", "app");
	vksession_ok(&story.person, "prune", "app");
	story_step_done();
}

/* As mv(1) does it. @return where it is now, to be freed */
static char *move_to_other_file_system(const char *name)
{
	g_autofree char *from = doc(name);
	char *to = g_build_filename(story.other, name, NULL);
	g_autofree char *content = NULL;
	struct stat here, there;
	gsize length;

	assert_int_equal(stat(story.docs, &here), 0);
	assert_int_equal(stat(story.other, &there), 0);
	assert_int_not_equal(here.st_dev, there.st_dev);
	assert_true(g_file_get_contents(from, &content, &length, NULL));
	assert_true(g_file_set_contents(to, content, (gssize)length, NULL));
	assert_int_equal(unlink(from), 0);
	return to;
}

/* One is gone from its place, the other has left a link there. */
static void move_documents_away(void)
{
	g_autofree char *carried = move_to_other_file_system("carried");
	g_autofree char *linked = move_to_other_file_system("linked");
	g_autofree char *link = doc("linked");

	assert_int_equal(symlink(linked, link), 0);
}

static void test_change_the_host(void **state)
{
	g_autofree char *changed = doc("changed");
	g_autofree char *deleted = doc("deleted");
	g_autofree char *moved = doc("moved");
	g_autofree char *elsewhere = doc("elsewhere");
	g_autofree char *unreadable = doc("unreadable");
	FILE *file = fopen(changed, "w");

	install("upgrade-program-new", story.program);
	install("upgrade-library-new.so", story.library);
	assert_non_null(file);
	fputs("new content", file);
	fclose(file);
	write_doc("replaced.new", "another");
	{
		g_autofree char *from = doc("replaced.new");
		g_autofree char *to = doc("replaced");

		assert_int_equal(rename(from, to), 0);
	}
	assert_int_equal(unlink(deleted), 0);
	assert_int_equal(rename(moved, elsewhere), 0);
	assert_int_equal(chmod(unreadable, 0), 0);
	move_documents_away();
	story_step_done();
}

static void assert_report(JsonNode *report, const char *path, const char *expected, gboolean pinned)
{
	JsonArray *files = json_object_get_array_member(json_node_get_object(report), "files");

	for (guint i = 0; i < json_array_get_length(files); i++) {
		JsonObject *file = json_array_get_object_element(files, i);

		if (strcmp(json_object_get_string_member(file, "path"), path) != 0)
			continue;
		assert_string_equal(json_object_get_string_member(file, "state"), expected);
		assert_int_equal(json_object_get_boolean_member(file, "pinned"), pinned);
		return;
	}
	fail_msg("%s is not in the report", path);
}

static void assert_documents(JsonNode *report)
{
	static const struct {
		const char *name;
		const char *state;
	} expected[] = {
		{ "changed", "changed" }, { "replaced", "replaced" },	  { "deleted", "vanished" },
		{ "moved", "vanished" },  { "unreadable", "unreadable" }, { "carried", "vanished" },
		{ "linked", "replaced" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
		g_autofree char *path = doc(expected[i].name);

		assert_report(report, path, expected[i].state, FALSE);
	}
}

static void test_thaw(void **state)
{
	g_autoptr(JsonNode)
		preview = vksession_json(&story.person, "thaw", "--check", "--json", "app");
	g_autoptr(JsonNode) report = NULL;

	assert_report(preview, story.program, "replaced", TRUE);
	assert_report(preview, story.library, "replaced", TRUE);
	assert_documents(preview);
	report = vksession_json(&story.person, "thaw", "--detach", "--json", "app");
	assert_report(report, story.program, "replaced", TRUE);
	assert_report(report, story.library, "replaced", TRUE);
	assert_documents(report);
	story_step_done();
}

static void test_goes_on(void **state)
{
	static const char *const lines[] = {
		"program: old\n",   "library: old\n",	   "changed: new content\n",
		"deleted: error E", "moved: error E",	   "unreadable: error E",
		"unchanged: old\n", "replaced: another\n", "carried: error E",
		"linked: old\n",
	};
	g_autofree char *path = doc("answer");
	g_autofree char *answer = NULL;

	write_doc("ask", "");
	assert_true(wait_for_file(path, "", ANSWER_MS));
	assert_true(g_file_get_contents(path, &answer, NULL, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
		if (!strstr(answer, lines[i]))
			fail_msg("\"%s\" is not in the answer:\n%s", lines[i], answer);
	}
	vksession_ok(&story.person, "stop", "app");
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_freeze),
	STORY_STEP(test_change_the_host),
	STORY_STEP(test_thaw),
	STORY_STEP(test_goes_on),
};

static void remove_other_file_system(void)
{
	g_autofree char *carried = g_build_filename(story.other, "carried", NULL);
	g_autofree char *linked = g_build_filename(story.other, "linked", NULL);

	unlink(carried);
	unlink(linked);
	rmdir(story.other);
}

static void end(void)
{
	g_free(story.program);
	g_free(story.library);
	g_free(story.docs);
	if (story.other)
		remove_other_file_system();
	g_free(story.other);
}

STORY_MAIN("upgrade", story.person, steps, 250, .end = end)
