/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another user of the same machine: what of a session is within their reach, and what a store that
 * they have prepared does. The other user is a real one, out of those that /etc/subuid gives to
 * every user; it is somebody else to the host's kernel.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/person.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"

#define SESSION	    "mine"
#define TIMEOUT_MS  120000
#define REFUSAL	    "a request of another user"
#define EXIT_FAILED 1

static struct {
	struct person person;
	char *directory; /* the session's runtime directory */
	char *store, *memory, *vkernel;
	char *script;
} story;

/* Runs a program in a directory, even in one to which its path is closed. */
static char *run_in(const char *directory, bool as_other, const char *const *program)
{
	static const char *const other[] = { "unshare", "--user",   "--map-auto", "--setuid",
					     "1",	"--setgid", "1",	  "--" };
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = { .timeout_ms = TIMEOUT_MS };

	g_ptr_array_add(argv, (gpointer) "env");
	g_ptr_array_add(argv, (gpointer) "-C");
	g_ptr_array_add(argv, (gpointer)directory);
	for (guint i = 0; as_other && i < G_N_ELEMENTS(other); i++)
		g_ptr_array_add(argv, (gpointer)other[i]);
	for (; *program; program++)
		g_ptr_array_add(argv, (gpointer)*program);
	g_ptr_array_add(argv, NULL);
	request.argv = (const char *const *)argv->pdata;
	run_process(&request, &result);
	if (result.status != 0)
		fail_msg("%s: exit %d: %s (package uidmap, and a line in /etc/subuid?)",
			 as_other ? "as another user" : "as oneself", result.status, result.err);
	return g_steal_pointer(&result.out);
}

/* @return what could be done, by name; free with json_node_unref() */
static JsonNode *reach(bool as_other)
{
	/* The user's own would be obeyed: number 0 is none. */
	const char *request = as_other ? "save 7 stop" : "save 0";
	const char *const program[] = { "python3",    "-I",	     "-c",
					story.script, story.vkernel, story.memory,
					story.store,  request,	     NULL };
	g_autofree char *text = run_in(story.directory, as_other, program);
	JsonNode *node = json_from_string(text, NULL);

	if (!node)
		fail_msg("no JSON: %s", text);
	return node;
}

static void assert_reach(JsonNode *reached, const char *const *granted)
{
	JsonObject *object = json_node_get_object(reached);
	g_autoptr(GList) names = json_object_get_members(object);

	for (GList *link = names; link; link = link->next) {
		const char *name = link->data;
		bool can = json_object_get_boolean_member(object, name);

		printf("# %s: %s\n", name, can ? "yes" : "no");
		if (can != g_strv_contains(granted, name))
			fail_msg("%s: it %s", name, can ? "can be reached" : "can't be reached");
	}
}

static void test_start(void **state)
{
	g_autofree char *path = guest_program("../integration/other-user.py");

	vksession_ok(&story.person, "run", "-s", SESSION, "--detach", "--", "xterm");
	vksession_ok(&story.person, "save", SESSION);
	story.directory = g_build_filename(story.person.runtime, "vksession", SESSION, NULL);
	story.store = person_path(&story.person, ".local/state/vksession");
	story.memory = g_strdup_printf("/dev/shm/vksession-%u", (guint)getuid());
	story.vkernel = g_strdup_printf("%d", session_vkernel(&story.person, SESSION));
	assert_true(g_file_get_contents(path, &story.script, NULL, NULL));
	story_step_done();
}

/* Each attempt is one that works for the user whose session it is. */
static void test_oneself(void **state)
{
	static const char *const all[] = {
		"control", "display",	      "console",	  "notify", "runtime", "memory",
		"store",   "vkernel's files", "vkernel's memory", "signal", NULL
	};
	g_autoptr(JsonNode) reached = reach(false);

	assert_reach(reached, all);
	story_step_done();
}

static void test_as_it_is(void **state)
{
	static const char *const none[] = { NULL };
	g_autoptr(JsonNode) reached = reach(true);

	assert_reach(reached, none);
	story_step_done();
}

/* Directories and sockets are thrown open: the sockets themselves refuse. */
static void test_thrown_open(void **state)
{
	static const char *const sockets[] = { "control.sock", "display.sock", "notify.sock",
					       "uml/mconsole" };
	static const char *const granted[] = { "notify", "runtime", NULL };
	g_autofree char *log = g_build_filename(story.store, SESSION, "log", NULL);
	g_autoptr(JsonNode) reached = NULL;
	g_autoptr(JsonNode) info = NULL;

	assert_int_equal(chmod(story.directory, 0755), 0);
	for (gsize i = 0; i < G_N_ELEMENTS(sockets); i++) {
		g_autofree char *path = g_build_filename(story.directory, sockets[i], NULL);

		assert_int_equal(chmod(path, 0666), 0);
	}
	reached = reach(true);
	assert_reach(reached, granted);
	/* The datagram could be sent, and is ignored. */
	assert_true(wait_for_file(log, REFUSAL, 10000));
	info = session_info(&story.person, SESSION);
	assert_int_equal(json_int(info, "last_save"), 1);
	assert_string_equal(json_text(info, "state"), "running");
	vksession_ok(&story.person, "stop", SESSION);
	assert_nothing_runs(&story.person);
	story_step_done();
}

/* A store that another user has made, and one that another user's link leads to. */
static void test_prepared_store(void **state)
{
	g_autofree char *place = person_path(&story.person, "shared");
	g_autofree char *theirs = person_path(&story.person, "shared/theirs");
	g_autofree char *link = person_path(&story.person, "shared/link");
	g_autofree char *state_home = person_path(&story.person, ".local/state");
	const char *const make[] = { "mkdir", "-p", "theirs/vksession", NULL };
	const char *const lead[] = { "ln", "-s", state_home, "link", NULL };

	assert_int_equal(mkdir(place, 0700), 0);
	assert_int_equal(chmod(place, 0777), 0);
	g_free(run_in(place, true, make));
	g_free(run_in(place, true, lead));
	person_setenv(&story.person, "XDG_STATE_HOME", theirs);
	vksession_fails(&story.person, EXIT_FAILED, "belongs to another user", "list");
	person_setenv(&story.person, "XDG_STATE_HOME", link);
	vksession_fails(&story.person, EXIT_FAILED, "of another user", "list");
	person_setenv(&story.person, "XDG_STATE_HOME", NULL);
	vksession_ok(&story.person, "verify", SESSION);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),	      STORY_STEP(test_oneself),	       STORY_STEP(test_as_it_is),
	STORY_STEP(test_thrown_open), STORY_STEP(test_prepared_store),
};

static void end(void)
{
	g_free(story.directory);
	g_free(story.store);
	g_free(story.memory);
	g_free(story.vkernel);
	g_free(story.script);
}

STORY_MAIN("other-user", story.person, steps, 150, .end = end)
