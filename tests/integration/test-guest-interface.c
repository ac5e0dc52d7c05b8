/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of the session asks for saves and learns of thaws (checkpoint(4)); clocks, timers,
 * random numbers and files of the host are, after a thaw, what the documentation says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "tests/harness/person.h"
#include "tests/harness/story.h"
#include "tests/harness/supervise.h"
#include "tests/harness/wait.h"

#define SESSION	       "work"
#define WAIT_MS	       90000
#define BLOCK	       65536
/* The probe sets timers for ten seconds after it asks for the save. */
#define DOWN_US	       (11 * G_USEC_PER_SEC)
#define CLOCK_SLACK_MS 5000

static struct {
	struct person person;
	char *out;   /* of the probe, a line of JSON for each thing it has to say */
	char *watch; /* of the probe that watches */
	char *files; /* directory with files that it has open */
	char *files_out;
	gint64 save_us;	    /* when the save was there, CLOCK_MONOTONIC */
	JsonNode *thaws[2]; /* what the probe said in the two thaws of one save */
} story;

struct lines_wait {
	const char *path;
	guint count;
	char **lines;
};

static bool lines_are_there(void *data)
{
	struct lines_wait *wait = data;
	g_autofree char *text = NULL;

	g_clear_pointer(&wait->lines, g_strfreev);
	if (!g_file_get_contents(wait->path, &text, NULL, NULL))
		return false;
	wait->lines = g_strsplit(text, "\n", -1);
	/* The last line is empty if the one before is complete. */
	return g_strv_length(wait->lines) > wait->count;
}

/* Waits for a number of lines in a file. @return the last of them, free with json_node_unref() */
static JsonNode *await_line(const char *path, guint count)
{
	struct lines_wait wait = { .path = path, .count = count };
	g_autoptr(GError) error = NULL;
	JsonNode *node;

	if (!wait_until(lines_are_there, &wait, -1, WAIT_MS))
		fail_msg("%s has no %u lines", path, count);
	node = json_from_string(wait.lines[count - 1], &error);
	if (!node)
		fail_msg("%s: %s", wait.lines[count - 1], error->message);
	g_strfreev(wait.lines);
	return node;
}

static void assert_timer(JsonNode *line, const char *name, const char *state)
{
	const char *is = json_text(line, name);

	if (strcmp(is, state) != 0)
		fail_msg("%s is '%s' instead of '%s'", name, is, state);
}

/* ---- the steps ---- */

static void test_program_asks_for_save(void **state)
{
	const char *probe = g_getenv("VKSESSION_TEST_PROBE");
	g_autoptr(JsonNode) line = NULL, info = NULL;

	vksession_ok(&story.person, "run", "--detach", "-s", SESSION, "--", probe, "watch",
		     story.watch);
	g_clear_pointer(&line, json_node_unref);
	line = await_line(story.watch, 1);
	vksession_ok(&story.person, "run", "-s", SESSION, "--", probe, "ask", story.out);
	g_clear_pointer(&line, json_node_unref);
	line = await_line(story.out, 1);
	assert_int_equal(json_int(line, "result"), 0);
	assert_int_equal(json_int(line, "generation"), 0);
	assert_int_equal(json_int(line, "saves"), 1);
	info = session_info(&story.person, SESSION);
	assert_int_equal(json_int(info, "last_save"), 1);
	assert_string_equal(json_text(info, "state"), "running");
	story_step_done();
}

static bool session_is_saved(void *data)
{
	g_autoptr(JsonNode) info = session_info(&story.person, SESSION);

	return strcmp(json_text(info, "state"), "saved") == 0;
}

/* The call returns only in the thawed session, so there is nothing of it before. */
static void test_program_asks_for_save_and_stop(void **state)
{
	const char *probe = g_getenv("VKSESSION_TEST_PROBE");
	g_autoptr(JsonNode) info = NULL;

	vksession_ok(&story.person, "run", "-s", SESSION, "--", probe, "ask", story.out, "stop");
	assert_true(wait_until(session_is_saved, NULL, -1, WAIT_MS));
	assert_nothing_runs(&story.person);
	story.save_us = g_get_monotonic_time();
	info = session_info(&story.person, SESSION);
	assert_int_equal(json_int(info, "last_save"), 2);
	story_step_done();
}

static bool timers_are_due(void *data)
{
	return g_get_monotonic_time() - story.save_us > DOWN_US;
}

static void thaw_and_look(guint nth)
{
	vksession_ok(&story.person, "thaw", "--detach", "--save", "2", SESSION);
	story.thaws[nth] = await_line(story.out, 2 + nth);
	assert_int_equal(json_int(story.thaws[nth], "result"), 1);
	assert_int_equal(json_int(story.thaws[nth], "generation"), 1);
	assert_int_equal(json_int(story.thaws[nth], "saves"), 2);
}

static void test_clocks(void **state)
{
	gint64 down_ms, host_ms;
	JsonNode *line;

	assert_true(wait_until(timers_are_due, NULL, -1, DOWN_US / 1000 + WAIT_MS));
	down_ms = (g_get_monotonic_time() - story.save_us) / 1000;
	thaw_and_look(0);
	host_ms = g_get_real_time() / 1000;
	line = story.thaws[0];
	/* The monotonic clock has only the time that the probe and the save took. */
	assert_true(json_int(line, "boottime_ms") - json_int(line, "monotonic_ms") >= down_ms);
	assert_true(json_int(line, "realtime_ms") - json_int(line, "monotonic_ms") >= down_ms);
	assert_true(ABS(json_int(line, "realtime_ms") - json_int(line, "boottime_ms")) < 1000);
	assert_true(ABS(host_ms - json_int(line, "now_ms")) < CLOCK_SLACK_MS);
	assert_true(json_int(line, "thawed_ns") - json_int(line, "saved_ns") >= down_ms * 1000000);
	assert_timer(line, "timer_monotonic",
		     json_int(line, "monotonic_ms") < 8000 ? "set"
							   : json_text(line, "timer_monotonic"));
	assert_timer(line, "timer_realtime", "fired");
	assert_timer(line, "timer_posix", "fired");
	assert_timer(line, "timer_boottime", "fired");
	assert_timer(line, "timer_cancel", "canceled");
	assert_timer(line, "timer_late", "set");
	story_step_done();
}

static void test_watcher_was_told(void **state)
{
	g_autoptr(JsonNode) line = await_line(story.watch, 2);

	assert_int_equal(json_int(line, "generation"), 1);
	story_step_done();
}

/* Two thaws of one save are two different sessions. */
static void test_second_thaw_differs(void **state)
{
	static const char *const members[] = { "id", "getrandom", "urandom", "arc4random" };

	vksession_ok(&story.person, "stop", SESSION);
	thaw_and_look(1);
	for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
		assert_string_not_equal(json_text(story.thaws[0], members[i]),
					json_text(story.thaws[1], members[i]));
	story_step_done();
}

/* A program that only waits for a save learns of one that the user makes. */
static void test_program_waits_for_save(void **state)
{
	const char *probe = g_getenv("VKSESSION_TEST_PROBE");
	g_autoptr(JsonNode) ready = NULL, line = NULL;

	g_remove(story.out);
	vksession_ok(&story.person, "run", "--detach", "-s", SESSION, "--", probe, "wait",
		     story.out);
	ready = await_line(story.out, 1);
	vksession_ok(&story.person, "save", SESSION);
	line = await_line(story.out, 2);
	assert_int_equal(json_int(line, "result"), 0);
	assert_int_equal(json_int(line, "generation"), 1);
	story_step_done();
}

static char *file_path(const char *name)
{
	return g_build_filename(story.files, name, NULL);
}

/* A file of BLOCK bytes that begins with a word and ends with a byte. */
static void write_file(const char *name, const char *word, gsize size, char last)
{
	g_autofree char *path = file_path(name);
	g_autofree char *content = g_malloc0(size);
	g_autoptr(GError) error = NULL;
	FILE *file;

	memset(content, '.', size);
	memcpy(content, word, strlen(word));
	content[strlen(word)] = '\n';
	content[size - 1] = last;
	/* In place: g_file_set_contents() would make another file. */
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void replace_file(const char *name, const char *word)
{
	g_autofree char *path = file_path(name);
	g_autofree char *old = g_strconcat(path, ".old", NULL);

	/* The old one stays under another name, so that the new one has another inode for sure. */
	assert_int_equal(rename(path, old), 0);
	write_file(name, word, BLOCK, 'n');
}

static void test_files_are_open(void **state)
{
	static const char *const names[] = { "same",	 "changed", "shrunk",  "replaced",
					     "vanished", "deleted", "program", "library" };
	const char *probe = g_getenv("VKSESSION_TEST_PROBE");
	g_autofree char *vanished = file_path("vanished");
	g_autoptr(JsonNode) ready = NULL;

	assert_int_equal(mkdir(story.files, 0700), 0);
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = file_path(names[i]);

		write_file(names[i], names[i], BLOCK, 'o');
		assert_int_equal(chmod(path, 0700), 0);
	}
	vksession_ok(&story.person, "run", "--detach", "-s", SESSION, "--", probe, "files",
		     story.files, story.files_out);
	ready = await_line(story.files_out, 1);
	vksession_ok(&story.person, "save", "--stop", SESSION);
	write_file("changed", "CHANGED", BLOCK, 'n');
	write_file("shrunk", "SHRUNK", 100, 'n');
	replace_file("replaced", "REPLACED");
	replace_file("library", "LIBRARY");
	assert_int_equal(unlink(vanished), 0);
	story_step_done();
}

static void test_files_after_thaw(void **state)
{
	g_autoptr(JsonNode) line = NULL;

	vksession_ok(&story.person, "thaw", "--detach", SESSION);
	line = await_line(story.files_out, 2);
	assert_string_equal(json_text(line, "same"), "same");
	assert_string_equal(json_text(line, "changed"), "CHANGED");
	assert_string_equal(json_text(line, "shrunk"), "SHRUNK");
	assert_int_equal(json_int(line, "shrunk_size"), 100);
	assert_string_equal(json_text(line, "replaced"), "REPLACED");
	assert_string_equal(json_text(line, "vanished"), "ESTALE");
	/* Both descriptors are of the same file, which only the save had. */
	assert_string_equal(json_text(line, "deleted"), "deleted");
	assert_string_equal(json_text(line, "deleted_2"), "agained");
	/* What a program is mapped from stays as it was; who opens it now gets what is there now. */
	assert_string_equal(json_text(line, "program_mapped"), "program");
	assert_string_equal(json_text(line, "library_mapped"), "library");
	vksession_ok(&story.person, "stop", SESSION);
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_program_asks_for_save),
	STORY_STEP(test_program_asks_for_save_and_stop),
	STORY_STEP(test_clocks),
	STORY_STEP(test_watcher_was_told),
	STORY_STEP(test_second_thaw_differs),
	STORY_STEP(test_program_waits_for_save),
	STORY_STEP(test_files_are_open),
	STORY_STEP(test_files_after_thaw),
};

static int set_up(void **state)
{
	person_init(&story.person, "guest-interface");
	story.out = person_path(&story.person, "probe");
	story.watch = person_path(&story.person, "watch");
	story.files = person_path(&story.person, "files");
	story.files_out = person_path(&story.person, "files.out");
	return 0;
}

static int tear_down(void **state)
{
	story.person.content = story_is_well();
	person_finish(&story.person);
	g_clear_pointer(&story.thaws[0], json_node_unref);
	g_clear_pointer(&story.thaws[1], json_node_unref);
	g_free(story.out);
	g_free(story.watch);
	g_free(story.files);
	g_free(story.files_out);
	return 0;
}

static int run_story(void)
{
	return cmocka_run_group_tests_name("guest-interface", steps, set_up, tear_down);
}

int main(void)
{
	return supervise(run_story, 300);
}
