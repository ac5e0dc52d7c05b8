/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/wait.h"

#define WINDOW_MS   90000 /* the first window of a session, on the slowest machine */
#define PLACE_SLACK 2	  /* pixels */
#define TEXT_MS	    60000 /* until what was typed is there, on the slowest machine */
/* Seconds: a thaw leaves a difference of 10 ms, the rest is for a clock that is being adjusted. */
#define CLOCK_SLACK 0.1

/* Programs whose process must survive; a terminal's subshells come and go. */
#define LASTING "xterm,counter.sh,mousepad,worker.py,Xvfb"

#define TEXT "Not saved: 27 + 15 = 42. "

void scene_facts_clear(struct scene_facts *facts)
{
	g_clear_pointer(&facts->worker, json_node_unref);
	g_clear_pointer(&facts->processes, g_free);
}

static void start_terminal(struct scene *scene)
{
	g_autofree char *counter = guest_program("counter.sh");
	g_autofree char *count = person_path(scene->person, "count");
	g_autofree char *printer = g_strdup_printf(
		"XTerm.vt100.printerCommand: cat > %s/scrollback", scene->person->home);

	vksession_ok(scene->person, "run", "-s", scene->session, "--", "xterm", "-title", "counter",
		     "-sl", "10000", "-xrm", printer, "-xrm", "XTerm.vt100.printAttributes: 0",
		     "-xrm", "XTerm.vt100.translations: #override <Key>F5: print-everything()",
		     "-e", counter, count);
	if (!window_wait(&scene->person->x, "counter", &scene->terminal, WINDOW_MS))
		fail_msg("the terminal has no window");
}

static void start_editor(struct scene *scene)
{
	vksession_ok(scene->person, "run", "-s", scene->session, "--", "mousepad");
	if (!window_wait(&scene->person->x, "Mousepad", &scene->editor, WINDOW_MS))
		fail_msg("the editor has no window");
}

static void start_worker(struct scene *scene)
{
	g_autofree char *worker = guest_program("worker.py");

	vksession_ok(scene->person, "run", "-s", scene->session, "--", worker, "serve",
		     scene->person->home);
}

void scene_start(struct scene *scene, struct person *person, const char *session)
{
	*scene = (struct scene){ .person = person, .session = session, .text = g_strdup("") };
	start_terminal(scene);
	start_editor(scene);
	start_worker(scene);
	/*
	 * Whole characters (92 x 25): another size would be rounded, at some time or other. And far
	 * enough from the 80 x 24 that it starts with for window_place() to tell them apart.
	 */
	if (!window_place(&person->x, &scene->terminal, 40, 60, 556, 329) ||
	    !window_place(&person->x, &scene->editor, 610, 240, 520, 360))
		fail_msg("the windows can't be moved");
	scene_type(scene, TEXT);
	/* What is still on its way when a story goes on, for example by detaching, would be lost. */
	scene_assert_text(scene);
}

void scene_clear(struct scene *scene)
{
	g_clear_pointer(&scene->text, g_free);
}

void scene_type(struct scene *scene, const char *text)
{
	char *longer = g_strconcat(scene->text, text, NULL);

	if (!window_type(&scene->person->x, &scene->editor, text))
		fail_msg("can't type into the editor");
	g_free(scene->text);
	scene->text = longer;
}

static JsonNode *ask_worker(const struct scene *scene, const char *word)
{
	g_autofree char *worker = guest_program("worker.py");

	return vksession_json(scene->person, "exec", scene->session, "--", worker, "ask", word);
}

static gint64 read_count(const struct scene *scene)
{
	g_autofree char *path = person_path(scene->person, "count");
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? g_ascii_strtoll(text, NULL, 10) : 0;
}

/* A viewer's connection that breaks by itself costs the keys of that moment, though it is renewed. */
static void assert_unbroken(const struct scene *scene)
{
	g_autofree char *path = g_build_filename(scene->person->runtime, "vksession",
						 scene->session, "viewer.json", NULL);
	g_autoptr(JsonNode) viewer = NULL;
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return; /* detached */
	viewer = json_from_string(text, NULL);
	assert_non_null(viewer);
	assert_int_equal(json_int(viewer, "restarts"), 0);
}

void scene_look(const struct scene *scene, struct scene_facts *facts)
{
	assert_unbroken(scene);
	scene_facts_clear(facts);
	facts->processes = vksession_output(scene->person, "exec", scene->session, "--", "ps", "-o",
					    "pid=,comm=", "-C", LASTING);
	facts->count = read_count(scene);
	facts->from = (double)g_get_real_time() / 1e6;
	facts->worker = ask_worker(scene, "status");
	facts->until = (double)g_get_real_time() / 1e6;
	facts->host_us = g_get_monotonic_time();
}

static void assert_window(const struct scene *scene, const char *title, struct window *window)
{
	struct window wanted = *window, now;

	if (!window_wait(&scene->person->x, title, &now, WINDOW_MS))
		fail_msg("the window '%s' did not come back", title);
	wanted.id = now.id;
	if (!window_wait_geometry(&scene->person->x, &wanted, PLACE_SLACK, &now, 5000))
		fail_msg("the window '%s' was %dx%d at %d,%d and is %dx%d at %d,%d", title,
			 wanted.width, wanted.height, wanted.x, wanted.y, now.width, now.height,
			 now.x, now.y);
	window->id = now.id;
}

void scene_assert_windows(struct scene *scene)
{
	assert_window(scene, "counter", &scene->terminal);
	assert_window(scene, "Mousepad", &scene->editor);
}

struct copy_wait {
	const struct scene *scene;
	char *copied;
};

static bool copy_arrived(void *data)
{
	struct copy_wait *wait = data;

	g_free(wait->copied);
	wait->copied = clipboard_get(&wait->scene->person->x);
	return wait->copied && !strcmp(wait->copied, wait->scene->text);
}

void scene_assert_text(const struct scene *scene)
{
	struct copy_wait wait = { .scene = scene };
	const struct xserver *x = &scene->person->x;
	bool held;

	assert_true(window_keys(x, &scene->editor, "ctrl+a"));
	assert_true(window_keys(x, &scene->editor, "ctrl+c"));
	held = wait_until(copy_arrived, &wait, -1, TEXT_MS);
	if (!held)
		fail_msg("the editor's text is '%s' instead of '%s'",
			 wait.copied ? wait.copied : "(nothing)", scene->text);
	g_free(wait.copied);
	/* Typing would replace what is selected. */
	assert_true(window_keys(x, &scene->editor, "ctrl+End"));
}

struct count_wait {
	const struct scene *scene;
	gint64 wanted;
};

static bool count_reached(void *data)
{
	struct count_wait *wait = data;

	return read_count(wait->scene) >= wait->wanted;
}

void scene_assert_counter(const struct scene *scene, const struct scene_facts *before)
{
	gint64 now = read_count(scene);
	struct count_wait wait = { scene, MAX(now, before->count) + 3 };

	if (now < before->count)
		fail_msg("the counter was at %" G_GINT64_FORMAT " and is at %" G_GINT64_FORMAT,
			 before->count, now);
	if (!wait_until(count_reached, &wait, -1, 20000))
		fail_msg("the counter stands still at %" G_GINT64_FORMAT, read_count(scene));
}

void scene_assert_scrollback(const struct scene *scene)
{
	g_autofree char *path = person_path(scene->person, "scrollback");
	g_autofree char *last = g_strdup_printf("count %" G_GINT64_FORMAT "\n", read_count(scene));
	g_autofree char *content = NULL;
	g_auto(GStrv) lines = NULL;
	int next = 1;

	assert_true(window_keys(&scene->person->x, &scene->terminal, "F5"));
	if (!wait_for_file(path, last, 20000))
		fail_msg("the terminal printed no scrollback with %s", last);
	assert_true(g_file_get_contents(path, &content, NULL, NULL));
	lines = g_strsplit(content, "\n", -1);
	for (char **line = lines; *line; line++) {
		if (!g_str_has_prefix(*line, "count "))
			continue;
		assert_int_equal(atoi(*line + strlen("count ")), next);
		next++;
	}
}

void scene_assert_processes(const struct scene_facts *before, const struct scene_facts *after)
{
	assert_string_not_equal(before->processes, "");
	assert_string_equal(before->processes, after->processes);
}

static JsonObject *object(const struct scene_facts *facts)
{
	return json_node_get_object(facts->worker);
}

static gint64 array_int(const struct scene_facts *facts, const char *member, guint i)
{
	return json_array_get_int_element(json_object_get_array_member(object(facts), member), i);
}

static void assert_grew(const struct scene_facts *before, const struct scene_facts *after,
			const char *member)
{
	gint64 was = json_int(before->worker, member), is = json_int(after->worker, member);

	if (is < was)
		fail_msg("%s was %" G_GINT64_FORMAT " and is %" G_GINT64_FORMAT, member, was, is);
}

void scene_assert_worker(const struct scene_facts *before, const struct scene_facts *after)
{
	JsonArray *errors = json_object_get_array_member(object(after), "errors");

	if (json_array_get_length(errors))
		fail_msg("worker: %s", json_array_get_string_element(errors, 0));
	assert_int_equal(json_int(after->worker, "pid"), json_int(before->worker, "pid"));
	for (guint i = 0; i < 3; i++) {
		assert_int_equal(array_int(after, "tids", i), array_int(before, "tids", i));
		assert_true(array_int(after, "counts", i) >= array_int(before, "counts", i));
	}
	assert_grew(before, after, "received");
	assert_grew(before, after, "lines");
	assert_int_equal(json_int(after->worker, "rows"), 100);
	assert_true(json_object_get_boolean_member(object(after), "in_transaction"));
}

static double seconds(const struct scene_facts *facts, const char *clock)
{
	return json_object_get_double_member(object(facts), clock);
}

static void assert_wall_clock(const struct scene_facts *facts)
{
	double real = seconds(facts, "realtime");

	if (real < facts->from - CLOCK_SLACK)
		fail_msg("the guest's wall clock is %.2f s late", facts->from - real);
	if (real > facts->until + CLOCK_SLACK)
		fail_msg("the guest's wall clock is %.2f s early", real - facts->until);
}

void scene_assert_clocks(const struct scene_facts *before, const struct scene_facts *after,
			 gint64 down_us)
{
	double monotonic = seconds(after, "monotonic") - seconds(before, "monotonic");
	double stood = seconds(after, "realtime") - seconds(before, "realtime") - monotonic;
	double host = (double)(after->host_us - before->host_us) / 1e6;
	double down = (double)down_us / 1e6;

	printf("# by the host %.2f s passed, at least %.2f s of them down; in the guest %.2f s, "
	       "and its wall clock jumped by %.2f s\n",
	       host, down, monotonic, stood);
	if (monotonic <= 0 || monotonic > host - down)
		fail_msg("the monotonic clock went on by %.2f s", monotonic);
	if (stood < down)
		fail_msg("the wall clock jumped by %.2f s only", stood);
	assert_wall_clock(before);
	assert_wall_clock(after);
}

void scene_assert_commit(const struct scene *scene)
{
	g_autofree char *database = person_path(scene->person, "notes.sqlite");
	g_autoptr(JsonNode) answer = ask_worker(scene, "commit");
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = {
		.argv = (const char *const[]){ "/usr/bin/python3", "-c",
					       "import sqlite3, sys\n"
					       "d = sqlite3.connect(sys.argv[1])\n"
					       "print(d.execute('pragma integrity_check')"
					       ".fetchone()[0], d.execute('select count(*) "
					       "from notes').fetchone()[0])",
					       database, NULL },
		.timeout_ms = 20000,
	};

	assert_false(
		json_object_get_boolean_member(json_node_get_object(answer), "in_transaction"));
	run_process(&request, &result);
	assert_string_equal(result.out, "ok 101\n");
}
