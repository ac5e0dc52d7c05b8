/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session that is worked on through vksessiond: what the command line starts and saves through
 * it, a daemon that is killed, also in the middle of a save, and all of it back after a login.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "scene.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"

#define ROOT	"/org/vksession"
#define CALL_MS 120000

static struct {
	struct person person;
	struct scene scene;
	struct scene_facts before, after;
	pid_t daemon; /* 0: none */
} story;

/* --- the bus, with the tool that people have --- */

static char *gdbus(const char *const *words, int *status)
{
	g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
	g_auto(GStrv) all = NULL;
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = { .environment = story.person.environment,
					   .timeout_ms = CALL_MS };

	g_strv_builder_add(argv, "gdbus");
	g_strv_builder_addv(argv, (const char **)words);
	all = g_strv_builder_end(argv);
	request.argv = (const char *const *)all;
	run_process(&request, &result);
	*status = result.status;
	return g_strchomp(g_strdup(result.out));
}

/* @return "" if there is no such object */
static char *property(const char *path, const char *interface, const char *name)
{
	int status;
	char *out = gdbus((const char *const[]){ "call", "--session", "-d", "org.vksession", "-o",
						 path, "-m", "org.freedesktop.DBus.Properties.Get",
						 interface, name, NULL },
			  &status);

	if (status != 0)
		*out = '\0';
	return out;
}

/* Calls a method of the manager that begins a job. @return the job's path */
static char *begin(const char *method, const char *first, const char *second)
{
	int status;
	g_autofree char *out =
		gdbus((const char *const[]){ "call", "--session", "-d", "org.vksession", "-o", ROOT,
					     "-m", method, first, second, NULL },
		      &status);
	g_auto(GStrv) parts = g_strsplit(out, "'", 3);

	assert_int_equal(status, 0);
	assert_int_equal(g_strv_length(parts), 3);
	return g_strdup(parts[1]);
}

static bool job_has_ended(void *job)
{
	g_autofree char *state = property(job, "org.vksession.Job1", "State");

	return !strstr(state, "running");
}

static void finish(const char *job)
{
	g_autofree char *state = NULL;

	assert_true(wait_until(job_has_ended, (void *)job, -1, CALL_MS));
	state = property(job, "org.vksession.Job1", "State");
	if (!strstr(state, "'done'")) {
		g_autofree char *message = property(job, "org.vksession.Job1", "ErrorMessage");

		fail_msg("%s: %s", state, message);
	}
}

/* --- the daemon --- */

static void start_daemon(void)
{
	int status;

	story.daemon = start_process((const char *const[]){ g_getenv("VKSESSIOND"), NULL },
				     story.person.environment, -1, story.person.log);
	g_free(gdbus((const char *const[]){ "wait", "--session", "--timeout", "60", "org.vksession",
					    NULL },
		     &status));
	assert_int_equal(status, 0);
}

static void kill_daemon(void)
{
	assert_int_equal(kill(story.daemon, SIGKILL), 0);
	assert_int_equal(waitpid(story.daemon, NULL, 0), story.daemon);
	story.daemon = 0;
}

static void assert_state(const char *name, const char *text)
{
	g_autofree char *found = property(ROOT "/session/work", "org.vksession.Session1", name);

	if (!strstr(found, text))
		fail_msg("%s is %s, not %s", name, found, text);
}

static void assert_all_goes_on(void)
{
	scene_look(&story.scene, &story.after);
	scene_assert_processes(&story.before, &story.after);
	scene_assert_worker(&story.before, &story.after);
	scene_assert_counter(&story.scene, &story.before);
}

/* --- the story --- */

static void test_through_daemon(void **state)
{
	g_autofree char *kind = NULL;

	start_daemon();
	scene_start(&story.scene, &story.person, "work");
	kind = property(ROOT "/job/1", "org.vksession.Job1", "Kind");
	assert_non_null(strstr(kind, "'run'"));
	assert_state("State", "'running'");
	assert_state("UnsavedChanges", "true");
	vksession_ok(&story.person, "save", "work");
	assert_state("LastSave", "uint32 1");
	scene_look(&story.scene, &story.before);
	story_step_done();
}

static void test_killed_and_adopted(void **state)
{
	kill_daemon();
	assert_all_goes_on();
	vksession_ok(&story.person, "save", "work");
	start_daemon();
	assert_state("State", "'running'");
	assert_state("Attached", "true");
	assert_state("LastSave", "uint32 2");
	story_step_done();
}

static bool is_writing(void *job)
{
	g_autofree char *stage = property(job, "org.vksession.Job1", "Stage");

	return strstr(stage, "writ") || job_has_ended(job);
}

/* The save is lost with the daemon; the session is not, and the next save is as good as any. */
static void test_killed_in_save(void **state)
{
	g_autofree char *job = begin("org.vksession.Manager1.Save", "work", "{}");

	assert_true(wait_until(is_writing, job, -1, CALL_MS));
	kill_daemon();
	vksession_ok(&story.person, "save", "work");
	assert_all_goes_on();
	vksession_ok(&story.person, "verify", "work");
	start_daemon();
	assert_state("State", "'running'");
	story_step_done();
}

static void test_logout_and_login(void **state)
{
	g_autofree char *save = NULL, *restore = NULL, *options = NULL;

	scene_look(&story.scene, &story.before);
	save = begin("org.vksession.Manager1.SaveAll", "{'reason': <'logout'>, 'stop': <true>}",
		     NULL);
	finish(save);
	assert_state("State", "'saved'");
	assert_state("Saves", "'logout'");
	assert_int_equal(kill(story.daemon, SIGTERM), 0);
	assert_int_equal(waitpid(story.daemon, NULL, 0), story.daemon);
	story.daemon = 0;
	assert_nothing_runs(&story.person);

	start_daemon();
	options = g_strdup_printf("{'display': <'%s'>}", story.person.x.name);
	restore = begin("org.vksession.Manager1.Restore", options, NULL);
	finish(restore);
	assert_state("State", "'running'");
	scene_assert_windows(&story.scene);
	scene_assert_text(&story.scene);
	assert_all_goes_on();
	story_step_done();
}

static void test_end(void **state)
{
	vksession_ok(&story.person, "stop", "work");
	assert_state("State", "'stopped'");
	stop_process(story.daemon);
	story.daemon = 0;
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_through_daemon),
	STORY_STEP(test_killed_and_adopted),
	STORY_STEP(test_killed_in_save),
	STORY_STEP(test_logout_and_login),
	STORY_STEP(test_end),
};

static void end(void)
{
	if (story.daemon)
		stop_process(story.daemon);
	scene_facts_clear(&story.before);
	scene_facts_clear(&story.after);
	scene_clear(&story.scene);
}

STORY_MAIN("daemon", story.person, steps, 300, .end = end)
